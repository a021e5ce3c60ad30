/** Bits of a register's index. 2^14 registers: standard error 0.81 %, at most 12 KiB on the wire and 16 KiB in memory. */
export const PRECISION = 14;

/**
 * A HyperLogLog sketch of a set of 64-bit hashes. It tells how many distinct hashes were added, but not which.
 *
 * Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog", AofA 2007; 64-bit hashes as in Heule, Nunkesser, Hall,
 * "HyperLogLog in Practice", EDBT 2013. Few distinct hashes are kept in a small hash table, many in an array of registers.
 * Which of the two is in use makes no difference to {@link estimate}, {@link merge} or {@link toBytes}.
 *
 * Hashes must be uniform and keyed: an outsider who can predict them can steer the estimate.
 */
export class Sketch {
  /** Sparse form: an open-addressing table of `index << RANK_BITS | rank`. 0 is a free place, because a rank is never 0. */
  #table: Uint32Array = new Uint32Array(SMALLEST_TABLE);
  #used = 0;
  /** Dense form: one byte per register. It replaces the table for good once that is full. */
  #registers: Uint8Array | null = null;

  /** Adds the hash `high * 2^32 + low` (two unsigned 32-bit halves). Returns whether the sketch changed. */
  add(high: number, low: number): boolean {
    const tail = high << PRECISION;
    const rank = tail !== 0 ? Math.clz32(tail) + 1 : HIGH_TAIL_BITS + Math.clz32(low) + 1;
    return this.#raise(high >>> HIGH_TAIL_BITS, rank);
  }

  /** Adds all hashes of `other` (set union); `other` does not change. Returns whether this sketch changed. */
  merge(other: Sketch): boolean {
    let changed = false;
    const registers = other.#registers;
    if (registers !== null) {
      for (let index = 0; index < REGISTERS; index += 1) {
        const rank = registers[index] ?? 0;
        if (rank !== 0 && this.#raise(index, rank)) changed = true;
      }
      return changed;
    }
    for (const entry of other.#table) {
      if (entry !== 0 && this.#raise(entry >>> RANK_BITS, entry & RANK_MASK)) changed = true;
    }
    return changed;
  }

  /** Returns a sketch of the union of `sketches`, which do not change. */
  static union(sketches: Iterable<Sketch>): Sketch {
    const union = new Sketch();
    for (const sketch of sketches) union.merge(sketch);
    return union;
  }

  /**
   * Estimates how many distinct hashes were added: 0 for none, unbiased over the whole range.
   *
   * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284), algorithm 6. It is derived from
   * the register distribution. So it needs neither the measured tables of HLL++ nor the fitted coefficients of LogLog-Beta, and
   * has no transition between a small-range and a large-range formula.
   */
  estimate(): number {
    const histogram = new Uint32Array(MAX_RANK + 1);
    let occupied = 0;
    const held = this.#registers ?? this.#table;
    // In the table as in the registers, the rank is in the lowest bits.
    for (let place = 0; place < held.length; place += 1) {
      const rank = (held[place] ?? 0) & RANK_MASK;
      if (rank === 0) continue;
      occupied += 1;
      histogram[rank] = (histogram[rank] ?? 0) + 1;
    }
    let z = REGISTERS * tau(1 - (histogram[MAX_RANK] ?? 0) / REGISTERS);
    for (let rank = MAX_RANK - 1; rank >= 1; rank -= 1) z = 0.5 * (z + (histogram[rank] ?? 0));
    z += REGISTERS * sigma(1 - occupied / REGISTERS);
    return (REGISTERS * REGISTERS) / (2 * Math.LN2 * z);
  }

  /** The relative error within which {@link estimate} stays 95 times in 100 (HyperLogLog 2007, theorem 1). */
  error95(): number {
    return ERROR_95;
  }

  /** Returns the bytes of memory that the table or the registers take, at most {@link MAX_SKETCH_MEMORY}. */
  memory(): number {
    return this.#registers !== null ? REGISTERS : this.#table.byteLength;
  }

  /**
   * Encodes the sketch as `[version, precision, form, ...]`. Form 0 lists the occupied registers as 24-bit big-endian
   * `index << 6 | rank`, ascending. Form 1 packs all registers, 6 bits each, the first register in the highest bits. The shorter
   * form is used, so equal sketches have equal bytes, however they were made.
   */
  toBytes(): Uint8Array {
    const entries = this.#entries();
    if (this.#registers !== null && entries.length > MAX_LISTED) return pack(this.#registers);
    const bytes = new Uint8Array(HEADER + LISTED * entries.length);
    bytes.set([VERSION, PRECISION, SPARSE]);
    entries.forEach((entry, i) => {
      bytes.set([entry >> 16, (entry >> 8) & 0xff, entry & 0xff], HEADER + LISTED * i);
    });
    return bytes;
  }

  /** Decodes bytes from {@link toBytes}. Any other input gives `bad` with the reason. Never throws. */
  static fromBytes(bytes: Uint8Array): ParsedSketch {
    if (bytes.length < HEADER) return bad("length");
    if (bytes[0] !== VERSION) return bad("version");
    if (bytes[1] !== PRECISION) return bad("precision");
    const body = bytes.subarray(HEADER);
    const sketch = new Sketch();
    if (bytes[2] === DENSE) {
      if (body.length !== PACKED) return bad("length");
      const registers = unpack(body);
      let occupied = 0;
      for (const rank of registers) {
        if (rank > MAX_RANK) return bad("rank");
        if (rank !== 0) occupied += 1;
      }
      if (occupied <= MAX_LISTED) return bad("form");
      sketch.#registers = registers;
      sketch.#table = new Uint32Array(0);
      return { kind: "sketch", sketch };
    }
    if (bytes[2] !== SPARSE) return bad("form");
    if (body.length % LISTED !== 0 || body.length > LISTED * MAX_LISTED) return bad("length");
    let last = -1;
    for (let at = 0; at < body.length; at += LISTED) {
      const entry = ((body[at] ?? 0) << 16) | ((body[at + 1] ?? 0) << 8) | (body[at + 2] ?? 0);
      const index = entry >>> RANK_BITS;
      const rank = entry & RANK_MASK;
      if (index <= last || index >= REGISTERS) return bad("index");
      if (rank === 0 || rank > MAX_RANK) return bad("rank");
      sketch.#raise(index, rank);
      last = index;
    }
    return { kind: "sketch", sketch };
  }

  #raise(index: number, rank: number): boolean {
    const registers = this.#registers;
    if (registers !== null) {
      if ((registers[index] ?? 0) >= rank) return false;
      registers[index] = rank;
      return true;
    }
    const table = this.#table;
    const entry = (index << RANK_BITS) | rank;
    let place = index & (table.length - 1);
    for (let held = table[place] ?? 0; held !== 0; held = table[place] ?? 0) {
      if (held >>> RANK_BITS === index) {
        if (held >= entry) return false;
        table[place] = entry;
        return true;
      }
      place = (place + 1) & (table.length - 1);
    }
    table[place] = entry;
    this.#used += 1;
    if (this.#used > FILL * table.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#table;
    if (old.length === LARGEST_TABLE) {
      const registers = new Uint8Array(REGISTERS);
      for (const entry of old) if (entry !== 0) registers[entry >>> RANK_BITS] = entry & RANK_MASK;
      this.#registers = registers;
      this.#table = new Uint32Array(0);
      return;
    }
    this.#table = new Uint32Array(2 * old.length);
    this.#used = 0;
    for (const entry of old) if (entry !== 0) this.#raise(entry >>> RANK_BITS, entry & RANK_MASK);
  }

  /** Returns the occupied registers as `index << RANK_BITS | rank`, ascending. */
  #entries(): Uint32Array {
    const registers = this.#registers;
    if (registers === null) return this.#table.filter((entry) => entry !== 0).sort();
    const entries = new Uint32Array(REGISTERS);
    let count = 0;
    for (let index = 0; index < REGISTERS; index += 1) {
      const rank = registers[index] ?? 0;
      if (rank === 0) continue;
      entries[count] = (index << RANK_BITS) | rank;
      count += 1;
    }
    return entries.subarray(0, count);
  }
}

/** The result of {@link Sketch.fromBytes}; `why` names the first thing that is invalid. */
export type ParsedSketch =
  | { readonly kind: "sketch"; readonly sketch: Sketch }
  | { readonly kind: "bad"; readonly why: "length" | "version" | "precision" | "form" | "index" | "rank" };

/** The most bytes that {@link Sketch.toBytes} can return: 12,291. */
export const MAX_SKETCH_BYTES = 3 + (2 ** PRECISION * 6) / 8;
/** The largest value that {@link Sketch.memory} can return. */
export const MAX_SKETCH_MEMORY = 2 ** PRECISION;

const REGISTERS = 2 ** PRECISION;
/** Bits of the hash's high half that are left after the index. */
const HIGH_TAIL_BITS = 32 - PRECISION;
/** The rank of a tail of 64 - PRECISION zero bits: its length plus one. */
const MAX_RANK = 64 - PRECISION + 1;
const RANK_BITS = 6;
const RANK_MASK = 63;

/** 1.96 standard errors of sqrt(3 ln 2 - 1) / sqrt(registers): 1.59 %. */
const ERROR_95 = (1.96 * Math.sqrt(3 * Math.LN2 - 1)) / Math.sqrt(REGISTERS);

/** Places in a hash table of 32-bit entries. The largest table takes half as many bytes as the registers. */
const SMALLEST_TABLE = 8;
const LARGEST_TABLE = 2048;
const FILL = 0.75;

const VERSION = 1;
const HEADER = 3;
const SPARSE = 0;
const DENSE = 1;
/** Bytes of one listed register; bytes of all packed registers; the most listed registers that are still shorter than those. */
const LISTED = 3;
const PACKED = (REGISTERS * RANK_BITS) / 8;
const MAX_LISTED = PACKED / LISTED - 1;

function bad(why: Extract<ParsedSketch, { kind: "bad" }>["why"]): ParsedSketch {
  return { kind: "bad", why };
}

/** Packs four registers of six bits into three bytes. */
function pack(registers: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + PACKED);
  bytes.set([VERSION, PRECISION, DENSE]);
  for (let index = 0, at = HEADER; index < REGISTERS; index += 4, at += 3) {
    const [b, c] = [registers[index + 1] ?? 0, registers[index + 2] ?? 0];
    bytes[at] = ((registers[index] ?? 0) << 2) | (b >> 4);
    bytes[at + 1] = (b << 4) | (c >> 2);
    bytes[at + 2] = (c << 6) | (registers[index + 3] ?? 0);
  }
  return bytes;
}

function unpack(bytes: Uint8Array): Uint8Array {
  const registers = new Uint8Array(REGISTERS);
  for (let index = 0, at = 0; index < REGISTERS; index += 4, at += 3) {
    const [x, y, z] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    registers[index] = x >> 2;
    registers[index + 1] = ((x << 4) | (y >> 4)) & RANK_MASK;
    registers[index + 2] = ((y << 2) | (z >> 6)) & RANK_MASK;
    registers[index + 3] = z & RANK_MASK;
  }
  return registers;
}

/** x + sum over k >= 1 of x^(2^k) * 2^(k-1), for x in [0, 1]: infinite at 1 (Ertl, equation 5 and algorithm 6). */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let power = x;
  let weight = 1;
  let sum = x;
  for (let before = -1; before !== sum; weight += weight) {
    power *= power;
    before = sum;
    sum += power * weight;
  }
  return sum;
}

/** (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 * 2^-k) / 3, for x in [0, 1] (Ertl, algorithm 6). */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let root = x;
  let weight = 1;
  let sum = 1 - x;
  for (let before = -1; before !== sum; ) {
    root = Math.sqrt(root);
    before = sum;
    weight *= 0.5;
    sum -= (1 - root) ** 2 * weight;
  }
  return sum / 3;
}
