/** Answers with a request's URL and client address; takes the Worker's place behind local/front-worker.ts. */
export default {
  fetch: ({ url, headers }: Request): Response =>
    Response.json({ url, address: headers.get("cf-connecting-ip") }),
};
