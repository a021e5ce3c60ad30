/** The Worker that wrangler.toml names as its main, bundled with what stands before it. */
declare module "earshot-worker" {
  const worker: { fetch(request: Request, env: unknown, context: unknown): Promise<Response> };
  export default worker;
}
