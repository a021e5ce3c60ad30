/** The Worker that wrangler.toml names as `main`. It is bundled together with front-worker.ts. */
declare module "earshot-worker" {
  const worker: { fetch(request: Request, env: unknown, context: unknown): Promise<Response> };
  export default worker;
}
