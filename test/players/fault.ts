import type { Act, Speak } from "./faulted.ts";

/** A way in which a show may go wrong. */
export interface Fault {
  readonly name: string;
  /** For how long the show is listened to after it, ms. */
  readonly afterMs: number;
  /** How much of the host's sound the recording may lack, ms: at least, so that the fault was there, and at most. */
  readonly gapMs: readonly [least: number, most: number];
  /** The longest time in which nothing new may be listed, ms; {@link DROUGHT_MS} where it is not given. */
  readonly droughtMs?: number;
  /** What a listener's request may fail with: where there is nobody to answer, nothing else can be. */
  readonly refused?: RegExp;
  /** Whether the page may leave sound out, as where the lists do. */
  readonly leaps?: boolean;
  begin(): { readonly speak: Speak; readonly act: Act };
}

/** A part of `balanced` takes 0.64 s; with it, what a machine adds that has other work. */
export const DROUGHT_MS = 1_300;
