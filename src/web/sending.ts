import type { Warning } from "../events.ts";
import type { Audible } from "../session-state.ts";

/**
 * The state of the connection to the relay. After `lost` the sender connects again; `failed` lasts until the host acts. `isFull`: every
 * place of the show is taken.
 */
export type Sending =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting" }
  /**
   * `session`: the WHIP session's id at the relay. `name`: the host's name; empty where the relay does not say. `warnings`: what
   * the relay finds wrong with the sound. `audible`: whether listeners can hear it; null until the relay says so.
   */
  | {
      readonly kind: "sending";
      readonly session: string;
      readonly name: string;
      readonly warnings: readonly Warning[];
      readonly audible: Audible | null;
    }
  | { readonly kind: "lost"; readonly reason: string; readonly isFull: boolean }
  | { readonly kind: "failed"; readonly reason: string; readonly isFull: boolean };

/** Whether the host is on the air, or is to be. */
export function isOnAir({ kind }: Sending): boolean {
  return kind !== "idle" && kind !== "failed";
}
