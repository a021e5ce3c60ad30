/**
 * The smallest Worker that holds requests and answers all at once: the cost of any edge in this runtime. Each request
 * has a timer of its own, as it must while it waits for another's work: the runtime ends requests that have nothing of
 * their own to wait for.
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
    // Made by a request: only then does the runtime give each waiting request its own context back.
    gate ??= Promise.withResolvers();
    await gate.promise;
    clearTimeout(timer);
    return new Response(body, { headers });
  },
};
