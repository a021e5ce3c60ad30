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
