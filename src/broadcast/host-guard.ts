import type { Patience } from "../audio/condition.ts";
import { type Change, Conditions } from "../audio/conditions.ts";
import { SILENCE, SOUND_PATIENCE, SoundWatch } from "../audio/sound-watch.ts";
import { Squeal } from "../audio/squeal.ts";
import { type Stretch, silence, stretchOf } from "../audio/stretch.ts";
import type { Warning } from "../events.ts";
import { AU_SAMPLES, SAMPLE_RATE } from "../media.ts";
import { type PacketCounts, PacketWatch } from "./packet-watch.ts";

/** What a host can be warned of. */
export type HostWarning = Exclude<Warning, "silence" | "dead-air">;

const seconds = (count: number) => count * SAMPLE_RATE;

const PATIENCE: Readonly<Record<HostWarning, Patience>> = {
  ...SOUND_PATIENCE,
  "microphone-dead": { raise: seconds(2), forget: 1, clear: seconds(0.5) },
  "host-silent": { raise: seconds(20), ...SILENCE },
  "host-gone": { raise: seconds(3), forget: 1, clear: seconds(1) },
  "host-lost": { raise: seconds(1), forget: 1, clear: seconds(2) },
  squeal: { raise: 1, forget: 1, clear: 1 },
  // Another way through the network, which is longer or shorter, looks like drift for half a minute; a clock's drift goes on.
  "clock-drift": { raise: seconds(45), forget: seconds(1), clear: seconds(10) },
  "packet-loss": { raise: 1, forget: 1, clear: seconds(5) },
};
/** By how much a host who squeals is turned down, where the show wants that: 18 dB. */
const DUCKED = 10 ** (-18 / 20);
/** Of silence made in one go this much counts: the rest was our being late, not the host's. */
const MOST_AT_ONCE = seconds(1);
const NO_PACKETS: PacketCounts = { received: 0, missing: 0, ppm: 0 };

/** What is wrong with one session's sound as it comes in, before any gain, and with the way it comes. */
export class HostGuard {
  readonly #conditions = new Conditions(PATIENCE);
  readonly #sound = new SoundWatch();
  readonly #squeal = new Squeal();
  readonly #packets = new PacketWatch();
  /** What has changed and was not taken yet. */
  #changes: Change<HostWarning>[] = [];
  /** Whether the way from the SFU is broken. */
  isLost = false;
  /** Whether its squeals are turned down. */
  ducksSqueals = false;
  /** Whether a line has fed it since {@link passUnfed} was last called. */
  #isFed = false;

  /**
   * Takes the next access unit of its line.
   *
   * @param shortTerm its short-term loudness, LUFS
   */
  push(pcm: Float32Array, counts: PacketCounts, shortTerm: number): void {
    this.#isFed = true;
    this.#squeal.push(pcm);
    this.#look(stretchOf(pcm), counts, shortTerm);
  }

  /** The same for whole access units of digital silence. */
  pushSilence(frames: number, counts: PacketCounts, shortTerm: number): void {
    this.#isFed = true;
    const counted = Math.min(frames, MOST_AT_ONCE);
    this.#squeal.pushSilence(counted);
    for (let left = counted; left > 0; left -= AU_SAMPLES)
      this.#look(silence(Math.min(left, AU_SAMPLES)), counts, shortTerm);
  }

  /** `frames` of the programme have passed; where no line has fed it meanwhile, they were silence of which no packet came. */
  passUnfed(frames: number): void {
    if (!this.#isFed) this.pushSilence(frames, NO_PACKETS, Number.NEGATIVE_INFINITY);
    this.#isFed = false;
  }

  /** What its sound is to be multiplied by on its way into the mix. */
  get gain(): number {
    return this.ducksSqueals && this.#squeal.isThere ? DUCKED : 1;
  }

  /** What has changed since it was last taken, in order. */
  take(): Change<HostWarning>[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** The session is over; what is cleared by that. */
  end(): Change<HostWarning>[] {
    return [...this.take(), ...this.#conditions.end()];
  }

  #look(stretch: Stretch, counts: PacketCounts, shortTerm: number): void {
    const { silent, ...sound } = this.#sound.push(stretch, shortTerm);
    const packets = this.#packets.push(counts, stretch.frames);
    // A host of whom nothing comes is gone, not silent, and one whose way is broken is lost.
    const { areComing } = this.#packets;
    const verdicts = {
      ...sound,
      ...packets,
      "host-gone": this.isLost ? ("between" as const) : packets["host-gone"],
      "host-lost": this.isLost ? ("bad" as const) : ("good" as const),
      "host-silent": areComing ? silent : ("between" as const),
      "microphone-dead": !areComing
        ? ("between" as const)
        : stretch.isZero
          ? ("bad" as const)
          : ("good" as const),
      squeal: this.#squeal.isThere ? ("bad" as const) : ("good" as const),
    };
    this.#changes.push(...this.#conditions.push(verdicts, stretch.frames));
  }
}
