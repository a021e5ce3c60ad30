import type { Act, Speak } from "./faulted.ts";

/** A fault that can happen to a show, with the limits of its effect. */
export interface Fault {
  readonly name: string;
  /** For how long the show is listened to after the fault, ms. */
  readonly afterMs: number;
  /**
   * How much of the host's sound the recording may lack, ms: at least, which shows that the fault took place, and at
   * most.
   */
  readonly gapMs: readonly [least: number, most: number];
  /** The longest time in which nothing new may be listed, ms; {@link DROUGHT_MS} by default. */
  readonly droughtMs?: number;
  /** Errors that a listener's request may fail with: while nothing answers, nothing else is possible. */
  readonly refused?: RegExp;
  /** Whether the page may skip sound, because the playlists do. */
  readonly leaps?: boolean;
  begin(): { readonly speak: Speak; readonly act: Act };
}

/** The default limit of a drought, ms: a part of `balanced` takes 0.64 s; the rest is what a busy machine adds. */
export const DROUGHT_MS = 1_300;
