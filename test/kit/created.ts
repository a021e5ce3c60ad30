import type { DescribedHost } from "../../src/broadcast-api.ts";
import type { Loudness } from "../../src/media.ts";

/** A broadcast, as the API tells of it to who has created it. */
export interface Created {
  readonly id: string;
  readonly title: string;
  readonly latency: string;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
}

/** A broadcast, as the API describes it later. */
export interface Described extends Created {
  readonly state: string;
  readonly hosts: readonly DescribedHost[];
  readonly loudness: Loudness | null;
}
