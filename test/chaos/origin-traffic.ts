/** A Worker between the edge and the origin that counts the requests passing through. Only tests bind it. */

let fetches = 0;
const ids = new Set<string>();

export default {
  fetch(request: Request, { ORIGIN }: { ORIGIN: { fetch: typeof fetch } }): Response | Promise<Response> {
    const [, first, id = ""] = new URL(request.url).pathname.split("/");
    if (first === "toll") return Response.json({ fetches, ids: [...ids] });
    fetches += 1;
    ids.add(id);
    return ORIGIN.fetch(request);
  },
};
