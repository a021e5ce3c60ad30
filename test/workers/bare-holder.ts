/**
 * The least Worker that holds requests and lets all go at once: what any edge in this runtime takes for it. Each request
 * has a timer, as one must that waits for another's work: the runtime ends those that have nothing of their own to wait for.
 */
let gate: PromiseWithResolvers<void> | null = null;
const body = new TextEncoder().encode("#".repeat(1_800));
const headers = new Headers({ "content-length": String(body.length), "x-padding": "-".repeat(400) });

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/release") {
      gate?.resolve();
      gate = null;
      return new Response(null, { status: 204 });
    }
    const timer = setTimeout(() => undefined, 14_000);
    // Made by a request: the runtime gives those who wait their own context back only then.
    gate ??= Promise.withResolvers();
    await gate.promise;
    clearTimeout(timer);
    return new Response(body, { headers });
  },
};
