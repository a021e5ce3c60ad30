/** One WHIP session: a host's connection to the SFU, and the socket on which the SFU brings its sound. */
export interface Publisher {
  /** The WHIP session's unguessable name; never the SFU's. */
  readonly session: string;
  readonly sfuSession: string;
  readonly mid: string;
  /** Where the SFU is told to dial: the origin of the request that published. */
  readonly origin: string;
  /** Counts the adapters asked for that may have come to be; a token names its generation. */
  readonly generation: number;
  /** The newest generation whose socket has been taken; 0 before the first. */
  readonly connected: number;
  /** The SFU's id of the newest adapter; null while it is unknown. */
  readonly adapter: string | null;
  readonly createdAt: number;
}

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
