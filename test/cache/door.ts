/** Gives the cache model, which is not a Worker, access to the real Origin entrypoint. Only tests deploy it. */
export default {
  fetch: (request: Request, { ORIGIN }: { ORIGIN: { fetch: typeof fetch } }): Promise<Response> =>
    ORIGIN.fetch(request),
};
