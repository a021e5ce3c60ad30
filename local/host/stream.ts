import { randomInt } from "node:crypto";
import type { OpusEncoderHandle } from "libopus-wasm";
import { type MediaStreamTrack, type RtcpRrPacket, RtpHeader, RtpPacket } from "werift";

const FRAME_SAMPLES = 960;
const FRAME_MILLIS = 20;
/** The longest stall, in frames, that is caught up with. After a longer one the sound of the lost time is skipped. */
const LONGEST_CATCH_UP = 50;

/** What has been sent, and what the receiver reported (RTCP receiver reports). */
export interface PublishStats {
  /** 20 ms frames encoded and sent. */
  frames: number;
  /** Frames skipped because this process stalled. */
  skipped: number;
  bytes: number;
  reports: number;
  /** Packets lost according to the last report. */
  lost: number;
}

/** Encodes a source as Opus and sends the packets in real time, from its construction on. Owns the encoder. */
export class Stream {
  readonly stats: PublishStats = { frames: 0, skipped: 0, bytes: 0, reports: 0, lost: 0 };
  hasEnded = false;
  readonly #track: MediaStreamTrack;
  readonly #encoder: OpusEncoderHandle;
  readonly #source: Source;
  readonly #began = performance.now();
  readonly #pacing: NodeJS.Timeout;
  #sequenceNumber = randomInt(0x10000);
  #timestamp = randomInt(0x100000000);
  /** The number of the next frame since the start, skipped ones included. */
  #due = 0;

  constructor(track: MediaStreamTrack, encoder: OpusEncoderHandle, source: Source) {
    this.#track = track;
    this.#encoder = encoder;
    this.#source = source;
    this.#pacing = setInterval(() => this.#send(), FRAME_MILLIS / 2);
    this.#send();
  }

  /**
   * Takes a receiver report and sets the encoder's expected loss, as browsers do. It is not set without losses, because libopus
   * would then leave full-band CELT for SILK, which carries its FEC.
   */
  report({ reports: [report] }: RtcpRrPacket): void {
    if (this.hasEnded || report === undefined) return;
    this.stats.reports++;
    this.stats.lost = report.packetsLost;
    this.#encoder.setPacketLossPercent(Math.min(30, Math.ceil((report.fractionLost * 100) / 256)));
  }

  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearInterval(this.#pacing);
    this.#encoder.free();
  }

  /** Sends the due frames, at most {@link LONGEST_CATCH_UP}. */
  #send(): void {
    const now = Math.floor((performance.now() - this.#began) / FRAME_MILLIS) + 1;
    if (now - this.#due > LONGEST_CATCH_UP) {
      const skipped = now - 1 - this.#due;
      this.stats.skipped += skipped;
      this.#timestamp = (this.#timestamp + skipped * FRAME_SAMPLES) >>> 0;
      this.#due = now - 1;
    }
    for (; this.#due < now; this.#due++) this.#sendFrame();
  }

  #sendFrame(): void {
    const payload = Buffer.from(this.#encoder.encode(this.#source(FRAME_SAMPLES)));
    const { stats } = this;
    const [sequenceNumber, timestamp] = [this.#sequenceNumber, this.#timestamp];
    const header = new RtpHeader({ sequenceNumber, timestamp, payloadType: 0, marker: stats.frames === 0 });
    this.#track.writeRtp(new RtpPacket(header, payload));
    this.#sequenceNumber = (sequenceNumber + 1) & 0xffff;
    this.#timestamp = (timestamp + FRAME_SAMPLES) >>> 0;
    stats.frames++;
    stats.bytes += payload.length;
  }
}

/** Returns the next `frames` sample frames, interleaved stereo at 48 kHz. It is called in real time with 960. */
export type Source = (frames: number) => Int16Array;
