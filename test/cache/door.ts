/** Opens the real Origin entrypoint to the cache model, which is not a Worker. Only tests deploy it. */
export default {
  fetch: (request: Request, { ORIGIN }: { ORIGIN: { fetch: typeof fetch } }): Promise<Response> =>
    ORIGIN.fetch(request),
};
