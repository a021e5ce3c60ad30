/**
 * Takes the place of the platform's TLS before the Worker: forwards requests as if they had come by https to
 * relay.example.
 */
export default {
  fetch(request: Request, { RELAY }: { RELAY: { fetch: typeof fetch } }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return RELAY.fetch(new Request(`https://relay.example${pathname}${search}`, request));
  },
};
