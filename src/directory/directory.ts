import { DurableObject } from "cloudflare:workers";
import type { DirectoryApi, Entry, Page, Query } from "../directory-api.ts";
import { Entries } from "./entries.ts";

/**
 * The list of all broadcasts, one object for a deployment. It is told of each change and asks nobody for anything: no timer, no
 * alarm. Nothing waits for it but who asks for the list, and who deletes a broadcast.
 */
export class Directory extends DurableObject implements DirectoryApi {
  readonly #entries = new Entries(this.ctx.storage.sql);

  async put(entry: Entry): Promise<void> {
    this.#entries.put(entry);
  }

  async remove(id: string): Promise<void> {
    this.#entries.remove(id);
  }

  async page(query: Query): Promise<Page> {
    return this.#entries.page(query);
  }
}
