/** How a host stands, as `GET /api/broadcasts/:id` tells it. */
export interface HostState {
  /**
   * `connecting`: nothing has come of it yet; `heard`: its sound comes in; `reattaching`: it was on, and the way from the
   * SFU is broken, which is mended without the host's doing.
   */
  readonly state: "connecting" | "heard" | "reattaching";
  /** Since when, milliseconds since 1970. */
  readonly since: number;
}

/** One of `hosts` there. */
export interface DescribedHost extends HostState {
  /** Whether it is in the mix at this moment. */
  readonly heard: boolean;
  /** What became of its packets; null before the first. */
  readonly packets: Readonly<Record<string, number>> | null;
}
