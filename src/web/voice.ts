/** How much of their volume is left to the others while they are ducked. */
const DUCKED = 0.15;

/**
 * One of the other hosts, as this host hears them: an audio element of its own, since the browser's echo cancellation knows
 * what media elements play, and not what Web Audio does.
 */
export class Voice {
  readonly publication: string;
  /** What they are called now. */
  name: string;
  readonly #audio = new Audio();
  readonly #receiver: RTCRtpReceiver;
  readonly #blocked: () => void;
  #volume = 1;
  #isDucked = false;

  /** @param blocked called where the browser does not let it play before one more press */
  constructor(publication: string, name: string, receiver: RTCRtpReceiver, blocked: () => void) {
    this.publication = publication;
    this.name = name;
    this.#receiver = receiver;
    this.#blocked = blocked;
    this.#audio.autoplay = true;
    // A stream for each: tracks of one stream are played in step with the latest of them.
    this.#audio.srcObject = new MediaStream([receiver.track]);
    this.play();
  }

  /** Lets them be heard, or says that the browser does not. */
  play(): void {
    this.#audio.play().catch((error: unknown) => {
      // An AbortError only says that they went before any sound of theirs came.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#blocked();
    });
  }

  /** 0 to 1. */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = volume;
    this.#setVolume();
  }

  duck(isDucked: boolean): void {
    this.#isDucked = isDucked;
    this.#setVolume();
  }

  /** How loud they are, 0 (silent) to 1; null where the browser does not say. */
  async level(): Promise<number | null> {
    const report = await this.#receiver.getStats();
    for (const stats of report.values())
      if (stats.type === "inbound-rtp" && typeof stats.audioLevel === "number") return stats.audioLevel;
    return null;
  }

  /** They are not heard any more. */
  end(): void {
    this.#audio.pause();
    this.#audio.srcObject = null;
  }

  #setVolume(): void {
    this.#audio.volume = this.#volume * (this.#isDucked ? DUCKED : 1);
    // Some phones leave the volume to their buttons, and know silence all the same.
    this.#audio.muted = this.#volume === 0;
  }
}
