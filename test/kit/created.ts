import type { DescribedHost } from "../../src/broadcast-api.ts";
import type { Loudness } from "../../src/media.ts";

/** A broadcast as the API returns it when it is created. */
export interface CreatedBroadcast {
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

/** A broadcast as the API describes it later. */
export interface Described extends CreatedBroadcast {
  readonly warnings: readonly {
    readonly kind: string;
    readonly host: { readonly hostId: string; readonly name: string } | null;
  }[];
  readonly state: string;
  readonly hosts: readonly DescribedHost[];
  readonly loudness: Loudness | null;
}
