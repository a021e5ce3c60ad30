/** Where hold audio or an announcement is read from, in access units from its beginning on. */
export interface HoldSource {
  /** Whether `units` of it from `n` on are there. */
  has(n: number, units: number): boolean;
  /** Unit `n`, interleaved stereo, a new array; only where {@link has} says so. */
  unit(n: number): Float32Array;
  /** Gets what comes after `n`. Whether that is worth waiting for, where it is not there yet. */
  prepare(n: number): boolean;
}
