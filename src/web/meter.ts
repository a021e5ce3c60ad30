/** One reading of a level, dBFS; digital silence is {@link FLOOR_DB}. */
export interface Level {
  readonly peakDb: number;
  readonly rmsDb: number;
}

export const FLOOR_DB = -100;

/** Measures the peak and RMS of samples in [-1, 1]. */
function level(samples: Float32Array): Level {
  let peak = 0;
  let power = 0;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
    power += sample * sample;
  }
  return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(power / Math.max(1, samples.length))) };
}

function decibels(amplitude: number): number {
  return Math.max(FLOOR_DB, 20 * Math.log10(amplitude));
}

/** Measures the level of a stream's louder channel. Owns its audio context. */
export class Meter {
  readonly #context = new AudioContext();
  readonly #splitter = this.#context.createChannelSplitter(2);
  readonly #analysers: AnalyserNode[] = [];
  readonly #samples = new Float32Array(2048);
  #source: MediaStreamAudioSourceNode | null = null;

  constructor() {
    for (const channel of [0, 1]) {
      const analyser = this.#context.createAnalyser();
      analyser.fftSize = this.#samples.length;
      this.#splitter.connect(analyser, channel);
      this.#analysers.push(analyser);
    }
  }

  /**
   * Measures this stream from now on. Call it after a press: before one, browsers keep audio contexts suspended. It does not wait
   * for the context to start, because without an audio output that never happens in Firefox. Throws where the browser can not measure
   * this stream, as Firefox with a microphone at another sample rate than the output's.
   */
  listen(stream: MediaStream): void {
    this.#source?.disconnect();
    this.#source = null;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#splitter);
    void this.#context.resume();
  }

  /** Returns the present level; null while nothing is measured, or the browser does not run the audio context. */
  read(): Level | null {
    if (this.#source === null || this.#context.state !== "running") return null;
    const levels = this.#analysers.map((analyser) => {
      analyser.getFloatTimeDomainData(this.#samples);
      return level(this.#samples);
    });
    return levels.reduce((a, b) => (b.peakDb > a.peakDb ? b : a));
  }
}
