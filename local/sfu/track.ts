import type { Adapter } from "./adapter.ts";
import type { Forward } from "./forward.ts";
import type { OfferedMedia } from "./offer.ts";

/** A published track. A closed one stays listed. */
export interface Track {
  readonly name: string;
  readonly media: OfferedMedia;
  readonly adapters: Set<Adapter>;
  /** One for each session that pulls the track. */
  readonly forwards: Set<Forward>;
  /** RTP packets received. */
  packets: number;
  closed: boolean;
}
