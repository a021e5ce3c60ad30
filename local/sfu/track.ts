import type { Adapter } from "./adapter.ts";
import type { Forward } from "./forward.ts";
import type { OfferedMedia } from "./offer.ts";

/** A published track. `closed` ones stay listed. */
export interface Track {
  readonly name: string;
  readonly media: OfferedMedia;
  readonly adapters: Set<Adapter>;
  /** Its ways to those who pull it. */
  readonly forwards: Set<Forward>;
  /** RTP packets received. */
  packets: number;
  closed: boolean;
}
