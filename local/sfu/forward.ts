import { type MediaStreamTrack, RtpHeader, RtpPacket } from "werift";

/** Samples in an Opus packet as browsers send it (RFC 7587). Timestamps advance by this at a change of source. */
const PACKET_SAMPLES = 960;

/** An RTP packet from a publisher. */
export interface Incoming {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/**
 * Forwards one published track to one session that pulls it. Order, gaps and duplicates are passed on unchanged. If the
 * publisher's source changes (another SSRC), sequence numbers and timestamps continue without a jump. SSRC, payload type and
 * header extensions are the receiving connection's own, because the publisher's have another meaning there.
 */
export class Forward {
  /** RTP packets forwarded. */
  packets = 0;
  readonly #out: Pick<MediaStreamTrack, "writeRtp">;
  #ssrc: number | null = null;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The highest sequence number sent, and its timestamp. */
  #newest = { sequenceNumber: 0, timestamp: 0 };

  constructor(out: Pick<MediaStreamTrack, "writeRtp">) {
    this.#out = out;
  }

  push({ ssrc, sequenceNumber: number, timestamp: time, marker, payload }: Incoming): void {
    if (this.#ssrc !== null && ssrc !== this.#ssrc) {
      this.#sequenceOffset = this.#newest.sequenceNumber + 1 - number;
      this.#timestampOffset = this.#newest.timestamp + PACKET_SAMPLES - time;
    }
    const sequenceNumber = (number + this.#sequenceOffset) & 0xffff;
    const timestamp = (time + this.#timestampOffset) >>> 0;
    const isNewer = ((sequenceNumber - this.#newest.sequenceNumber) & 0xffff) < 0x8000;
    if (this.#ssrc === null || isNewer) this.#newest = { sequenceNumber, timestamp };
    this.#ssrc = ssrc;
    this.packets++;
    this.#out.writeRtp(new RtpPacket(new RtpHeader({ sequenceNumber, timestamp, marker }), payload));
  }
}
