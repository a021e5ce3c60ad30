/** A source of hold audio or of an announcement. Its access units are counted from its beginning. */
export interface HoldSource {
  /** Returns whether the `units` access units from `n` on are loaded. */
  has(n: number, units: number): boolean;
  /** Returns unit `n`, interleaved stereo, a new array. Only for a unit that {@link has} says is loaded. */
  unit(n: number): Float32Array;
  /** Starts to load the units from `n` on. Returns whether those that are not loaded yet are worth waiting for. */
  prepare(n: number): boolean;
}
