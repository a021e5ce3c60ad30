/** The share of their volume that voices keep while they are ducked. */
const DUCKED = 0.15;

/**
 * One of the other hosts, as this host hears them. Each has an audio element of its own, because the browser's echo cancellation
 * covers media elements, but not Web Audio.
 */
export class Voice {
  readonly publication: string;
  /** The host's present name. */
  name: string;
  readonly #audio = new Audio();
  readonly #receiver: RTCRtpReceiver;
  readonly #blocked: () => void;
  #volume = 1;
  #isDucked = false;

  /** @param blocked called if the browser requires one more press before it plays sound */
  constructor(publication: string, name: string, receiver: RTCRtpReceiver, blocked: () => void) {
    this.publication = publication;
    this.name = name;
    this.#receiver = receiver;
    this.#blocked = blocked;
    this.#audio.autoplay = true;
    // Each track has a stream of its own: browsers synchronise the tracks of one stream with the latest of them.
    this.#audio.srcObject = new MediaStream([receiver.track]);
    this.play();
  }

  /** Plays the voice. Calls `blocked` if the browser does not allow it. */
  play(): void {
    this.#audio.play().catch((error: unknown) => {
      // An AbortError only means that the host left before any sound arrived.
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#blocked();
    });
  }

  /** How loud this host wants to hear the voice, 0 to 1, before ducking. */
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

  /** Returns the level of the host's sound, 0 (silent) to 1; null where the browser does not tell. */
  async level(): Promise<number | null> {
    const report = await this.#receiver.getStats();
    for (const stats of report.values())
      if (stats.type === "inbound-rtp" && typeof stats.audioLevel === "number") return stats.audioLevel;
    return null;
  }

  /** Stops the sound for good. */
  end(): void {
    this.#audio.pause();
    this.#audio.srcObject = null;
  }

  #setVolume(): void {
    this.#audio.volume = this.#volume * (this.#isDucked ? DUCKED : 1);
    // Some phones ignore `volume`, because their buttons set it, but do honour `muted`.
    this.#audio.muted = this.#volume === 0;
  }
}
