import { DurableObject } from "cloudflare:workers";
import type { DirectoryApi, Entry, Page, Query } from "../directory-api.ts";
import { Entries } from "./entries.ts";

/**
 * The list of all broadcasts; a deployment has one such object. Broadcasts report each change to it. It calls nobody, and has no
 * timer and no alarm. Only requests for the list and deletions of broadcasts wait for it.
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
