/**
 * Stands in for the platform between an edge and the origin: sends every request by HTTP to a tier of the cache model. Only
 * tests bind it.
 */
export default {
  fetch(request: Request, { TIER }: { TIER: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return fetch(TIER + pathname + search, request);
  },
};
