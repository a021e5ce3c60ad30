import { z } from "zod";
import { FIRST_HOST } from "../access/keys.ts";
import type { PublisherRow } from "./publisher.ts";

/**
 * A publisher's row, as JSON that this or any earlier deploy wrote. A field that is added needs a default, so that rows stored
 * before it can be read: a row from a deploy without named hosts belongs to the first host.
 */
export const StoredPublisher: z.ZodType<PublisherRow> = z.object({
  session: z.string(),
  hostId: z.string().default(FIRST_HOST),
  sfuSession: z.string(),
  mid: z.string(),
  origin: z.string(),
  generation: z.int().nonnegative(),
  connected: z.int().nonnegative().default(0),
  adapter: z.string().nullable().default(null),
  createdAt: z.number().default(0),
  codec: z.string().nullable().default(null),
  client: z.string().nullable().default(null),
});
