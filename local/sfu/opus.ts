/** One RTP packet of an Opus stream (RFC 7587); timestamps count 48 kHz samples, modulo 2^32. */
export interface OpusPacket {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** Interleaved stereo at 48 kHz; `timestamp` is the first sample's position on the timeline, modulo 2^32. */
export interface PcmBlock {
  readonly timestamp: number;
  readonly data: Int16Array;
}

/** The methods of a stereo 48 kHz Opus decoder that the timeline needs; libopus-wasm's handle has them. */
export interface OpusDecoder {
  decode(packet: Uint8Array, options?: { decodeFec?: boolean; frameSize?: number }): Int16Array;
  decodePacketLoss(samples?: number): Int16Array;
}

/** Counts of packets and frames by what was done with them. */
export interface OpusCounters {
  /** Packets pushed. */
  packets: number;
  /** Packets without audio: padding with which a sender probes the bandwidth. */
  padding: number;
  duplicate: number;
  /** Packets that arrived after their sequence number had been given up. */
  late: number;
  /** Sequence numbers given up as lost. */
  lost: number;
  /** Frames restored from the next packet's in-band FEC (or concealed, if it has none). */
  fec: number;
  /** Frames concealed by the decoder. */
  concealed: number;
  /** Pauses of the sender (DTX) that were filled. */
  pauses: number;
  /** Payloads that are not Opus. */
  malformed: number;
  /** How often the sender's numbering restarted. */
  restarts: number;
}

/** A missing packet is given up when this many later packets wait. */
const HOLD_PACKETS = 3;
/** The longest time that a missing packet is waited for, in samples: 60 ms. */
const PATIENCE = 2_880;
/** libopus conceals in steps of 2.5 ms; in samples. */
const STEP = 120;
/** The longest gap that is filled, in samples: 2 s. At a longer one the timestamps jump. */
const LONGEST_FILL = 96_000;
/** Jumps of more than 10 s (in samples), or of 1000 packets, count as a restart of the numbering, not as a loss. */
const LONGEST_JUMP = 480_000;
const LONGEST_LOSS = 1_000;
/** In DTX, how late a packet may be before its place is filled, in samples: 40 ms. */
const PAUSE_GRACE = 1_920;
/** An Opus packet of one or two bytes contains no audio: the sender is in DTX (RFC 6716 section 2.1.9). */
const DTX_BYTES = 2;

/**
 * Decodes the RTP packets of one Opus track into one timeline of stereo PCM, exact to the sample.
 *
 * Reordered packets wait for the missing one (up to {@link HOLD_PACKETS} of them, or {@link PATIENCE}). Lost ones are restored
 * from in-band FEC or concealed at their exact size. The pauses of DTX are filled as time passes, so that the sound stays in
 * real time. Padding-only packets use up a sequence number but contain no sound.
 *
 * While sequence numbers are consecutive, small steps of the timestamps (from a publisher's start-up or an unsteady capture
 * clock) do not count as gaps: the sound is continuous, and so is the timeline.
 *
 * `now` is the time of the caller's monotonic clock, in samples. The caller owns the decoder.
 */
export class OpusTimeline {
  readonly counters: OpusCounters = {
    packets: 0,
    padding: 0,
    duplicate: 0,
    late: 0,
    lost: 0,
    fec: 0,
    concealed: 0,
    pauses: 0,
    malformed: 0,
    restarts: 0,
  };
  readonly #decoder: OpusDecoder;
  readonly #waiting = new Map<number, OpusPacket>();
  #waitingSince = 0;
  #ssrc: number | null = null;
  /** The sequence number to play next. */
  #next = 0;
  /** The next sample's position on the timeline. */
  #position = 0;
  /** Converts an RTP timestamp to a position on the timeline, by addition. */
  #offset = 0;
  /** Samples in the last packet decoded. */
  #frame = 960;
  /** Whether the sender is in DTX; since when, by the caller's clock; and the timeline's position at that time. */
  #paused = false;
  #pausedAt = 0;
  #pausedFrom = 0;
  /** Samples that were filled in after the last packet of a pause. The next packet may overlap them. */
  #ahead = 0;

  constructor(decoder: OpusDecoder) {
    this.#decoder = decoder;
  }

  /** Takes a packet that arrived at `now`. Returns the sound that is now final. */
  push(packet: OpusPacket, now: number): PcmBlock[] {
    const { counters } = this;
    counters.packets++;
    const blocks: PcmBlock[] = [];
    const step = this.#ssrc === packet.ssrc ? int16(packet.sequenceNumber - this.#next) : null;
    if (step === null || Math.abs(step) > LONGEST_LOSS) {
      if (packet.payload.length === 0) return blocks;
      blocks.push(...this.flush());
      this.#restart(packet);
    } else if (step < 0) {
      counters.late++;
      return blocks;
    }
    if (this.#waiting.has(packet.sequenceNumber)) {
      counters.duplicate++;
      return blocks;
    }
    if (this.#waiting.size === 0) this.#waitingSince = now;
    this.#waiting.set(packet.sequenceNumber, packet);
    blocks.push(...this.#drain(now));
    return blocks;
  }

  /** Returns the sound that has become final because no packet arrived until `now`. To be called about every 20 ms. */
  advance(now: number): PcmBlock[] {
    const blocks = this.#drain(now);
    if (!this.#paused || this.#waiting.size > 0) return blocks;
    const due = int32(this.#pausedFrom - this.#position) + (now - this.#pausedAt) - PAUSE_GRACE;
    for (let left = Math.min(due, LONGEST_FILL); left >= this.#frame; left -= this.#frame) {
      if (this.#ahead === 0) this.counters.pauses++;
      blocks.push(this.#conceal(this.#frame));
      this.#ahead += this.#frame;
    }
    return blocks;
  }

  /** Gives up all missing packets and returns the sound of every waiting packet. */
  flush(): PcmBlock[] {
    const blocks: PcmBlock[] = [];
    while (this.#waiting.size > 0) {
      blocks.push(...this.#skip());
      blocks.push(...this.#drain(this.#waitingSince));
    }
    return blocks;
  }

  #restart(packet: OpusPacket): void {
    if (this.#ssrc === null) this.#position = packet.timestamp;
    else this.counters.restarts++;
    this.#ssrc = packet.ssrc;
    this.#next = packet.sequenceNumber;
    this.#offset = int32(this.#position - packet.timestamp);
    this.#paused = false;
    this.#ahead = 0;
  }

  #drain(now: number): PcmBlock[] {
    const blocks: PcmBlock[] = [];
    while (this.#waiting.size > 0) {
      const packet = this.#waiting.get(this.#next);
      if (packet) {
        this.#waiting.delete(this.#next);
        this.#next = (this.#next + 1) & 0xffff;
        this.#waitingSince = now;
        blocks.push(...this.#play(packet, now));
      } else if (this.#waiting.size >= HOLD_PACKETS || now - this.#waitingSince >= PATIENCE) {
        blocks.push(...this.#skip());
      } else break;
    }
    return blocks;
  }

  /** Gives up the packets before the first waiting one, and conceals them. */
  #skip(): PcmBlock[] {
    let nearest = LONGEST_LOSS;
    for (const sequenceNumber of this.#waiting.keys()) {
      nearest = Math.min(nearest, int16(sequenceNumber - this.#next));
    }
    this.counters.lost += nearest;
    this.#next = (this.#next + nearest) & 0xffff;
    const packet = this.#waiting.get(this.#next);
    if (nearest === 0 || !packet || packet.payload.length === 0) return [];
    return this.#fill(this.#gap(packet), packet.payload);
  }

  #play(packet: OpusPacket, now: number): PcmBlock[] {
    if (packet.payload.length === 0) {
      this.counters.padding++;
      return [];
    }
    const blocks: PcmBlock[] = [];
    let overlap = 0;
    const gap = this.#gap(packet);
    if (gap < 0 && -gap <= this.#ahead) overlap = -gap;
    else if (this.#paused || gap >= this.#frame) {
      if (gap > 0 && this.#ahead === 0) this.counters.pauses++;
      blocks.push(...this.#fill(gap));
    }
    this.#offset -= this.#gap(packet) + overlap;
    const data = this.#decode(packet.payload);
    this.#frame = data.length / 2;
    blocks.push(...this.#emit(data.subarray(Math.min(overlap, this.#frame) * 2)));
    this.#ahead = Math.max(0, overlap - this.#frame);
    this.#paused = packet.payload.length <= DTX_BYTES;
    this.#pausedAt = now;
    this.#pausedFrom = this.#position;
    return blocks;
  }

  /** Returns how far after the timeline's end the packet begins, in samples; negative: before it. */
  #gap(packet: OpusPacket): number {
    return int32(packet.timestamp + this.#offset - this.#position);
  }

  /** Fills `gap` samples; the last frame of them from the FEC in `following`, the next payload. */
  #fill(gap: number, following?: Uint8Array): PcmBlock[] {
    if (gap > LONGEST_FILL) {
      if (gap <= LONGEST_JUMP) this.#position = (this.#position + gap) >>> 0;
      return [];
    }
    const blocks: PcmBlock[] = [];
    for (let left = gap; left > 0; ) {
      const size = Math.min(left, this.#frame);
      blocks.push(following && left <= this.#frame ? this.#restore(following, size) : this.#conceal(size));
      left -= size;
    }
    return blocks;
  }

  #restore(following: Uint8Array, size: number): PcmBlock {
    if (size % STEP !== 0) return this.#conceal(size);
    this.counters.fec++;
    let data: Int16Array;
    try {
      data = this.#decoder.decode(following, { decodeFec: true, frameSize: size });
    } catch {
      // The payload is not Opus. It is counted as malformed when it is decoded itself.
      data = this.#decoder.decodePacketLoss(size);
    }
    return this.#block(data);
  }

  #conceal(size: number): PcmBlock {
    this.counters.concealed++;
    const data = new Int16Array(size * 2);
    const whole = size - (size % STEP);
    if (whole > 0) data.set(this.#decoder.decodePacketLoss(whole));
    return this.#block(data);
  }

  #decode(payload: Uint8Array): Int16Array {
    try {
      return this.#decoder.decode(payload);
    } catch {
      this.counters.malformed++;
      return this.#decoder.decodePacketLoss(this.#frame);
    }
  }

  #emit(data: Int16Array): PcmBlock[] {
    return data.length === 0 ? [] : [this.#block(data)];
  }

  #block(data: Int16Array): PcmBlock {
    const timestamp = this.#position;
    this.#position = (this.#position + data.length / 2) >>> 0;
    return { timestamp, data };
  }
}

function int16(difference: number): number {
  return (difference << 16) >> 16;
}

function int32(difference: number): number {
  return difference | 0;
}
