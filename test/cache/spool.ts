/** A body that is still arriving. Each reader gets all of it: at once what has come, and the rest as it comes. */
export class Spool {
  readonly #chunks: Uint8Array[] = [];
  #end: "open" | "whole" | { readonly broken: unknown } = "open";
  #more = Promise.withResolvers<void>();

  /** Takes over `body`; null is an empty body. */
  constructor(body: ReadableStream<Uint8Array> | null) {
    void this.#fill(body);
  }

  /** Resolves to true when the body is complete, and to false when it has broken off. */
  async settled(): Promise<boolean> {
    while (this.#end === "open") await this.#more.promise;
    return this.#end === "whole";
  }

  stream(): ReadableStream<Uint8Array> {
    let next = 0;
    return new ReadableStream({
      pull: async (controller) => {
        while (next === this.#chunks.length && this.#end === "open") await this.#more.promise;
        const chunk = this.#chunks[next++];
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (typeof this.#end === "object") controller.error(this.#end.broken);
        else controller.close();
      },
    });
  }

  /** The whole body; rejects when it breaks off. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Response(this.stream()).arrayBuffer());
  }

  async #fill(body: ReadableStream<Uint8Array> | null): Promise<void> {
    try {
      for await (const chunk of body ?? []) {
        this.#chunks.push(chunk);
        this.#wake();
      }
      this.#end = "whole";
    } catch (error) {
      this.#end = { broken: error };
    }
    this.#wake();
  }

  #wake(): void {
    const { resolve } = this.#more;
    this.#more = Promise.withResolvers();
    resolve();
  }
}
