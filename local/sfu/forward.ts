import { type MediaStreamTrack, RtpHeader, RtpPacket } from "werift";

/** Samples of Opus in a packet, as browsers send it (RFC 7587): what a change of source is put at. */
const PACKET_SAMPLES = 960;

/** An RTP packet of a publisher. */
export interface Incoming {
  readonly ssrc: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
}

/**
 * One published track on its way to one who hears it. Order, gaps and doubled packets are passed on as they are; where the
 * publisher's source changes (another SSRC), numbers and times go on without a step. SSRC, payload type and header extensions
 * are the receiving connection's own: those of the publisher's mean something else there.
 */
export class Forward {
  /** RTP packets passed on. */
  packets = 0;
  readonly #out: Pick<MediaStreamTrack, "writeRtp">;
  #ssrc: number | null = null;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The newest of those passed on, as they were sent. */
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
