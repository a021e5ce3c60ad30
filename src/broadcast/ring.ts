import { joinBytes } from "../bytes.ts";
import type { Part } from "../media.ts";

/** The bytes of recent parts, in memory, by segment. A segment is the concatenation of its parts (RFC 8216bis 3.2). */
export class Ring {
  readonly #segments = new Map<number, Part[]>();

  add(part: Part): void {
    const parts = this.#segments.get(part.msn);
    if (parts === undefined) this.#segments.set(part.msn, [part]);
    else parts[part.index] = part;
  }

  part(msn: number, index: number): Uint8Array | null {
    return this.#segments.get(msn)?.[index]?.bytes ?? null;
  }

  /** Returns the parts that there are of segment `msn`, in order. */
  parts(msn: number): readonly Part[] {
    return this.#segments.get(msn) ?? [];
  }

  /** Forgets the segments before `msn`. */
  prune(msn: number): void {
    for (const held of this.#segments.keys()) if (held < msn) this.#segments.delete(held);
  }
}

/** Returns the bytes of a segment: those of its parts, in order. */
export function joinParts(parts: readonly Part[]): Uint8Array {
  return joinBytes(parts.map(({ bytes }) => bytes));
}
