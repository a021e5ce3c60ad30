import type { Hysteresis } from "../audio/condition.ts";
import { type Change, Conditions } from "../audio/conditions.ts";
import { measuresOf, type SoundMeasures, silence } from "../audio/sound-measures.ts";
import { SILENCE, SOUND_HYSTERESIS, SoundWatch } from "../audio/sound-watch.ts";
import { Squeal } from "../audio/squeal.ts";
import type { Warning } from "../events.ts";
import { AU_SAMPLES, SAMPLE_RATE } from "../media.ts";
import { type PacketCounts, PacketWatch } from "./packet-watch.ts";

/** The warnings that can be raised about a host. */
export type HostWarning = Exclude<Warning, "silence" | "dead-air">;

const seconds = (count: number) => count * SAMPLE_RATE;

const HYSTERESIS: Readonly<Record<HostWarning, Hysteresis>> = {
  ...SOUND_HYSTERESIS,
  "microphone-dead": { raise: seconds(2), forget: 1, clear: seconds(0.5) },
  "host-silent": { raise: seconds(20), ...SILENCE },
  "host-gone": { raise: seconds(3), forget: 1, clear: seconds(1) },
  "host-lost": { raise: seconds(1), forget: 1, clear: seconds(2) },
  squeal: { raise: 1, forget: 1, clear: 1 },
  // A change to a longer or shorter network route looks like drift for half a minute; a clock's drift goes on.
  "clock-drift": { raise: seconds(45), forget: seconds(1), clear: seconds(10) },
  "packet-loss": { raise: 1, forget: 1, clear: seconds(5) },
};
/** The gain of a host who squeals, if the show wants such hosts turned down: -18 dB. */
const DUCKED = 10 ** (-18 / 20);
/** Longest silence that counts when it is made in one go, in samples: the rest was the relay's lateness, not the host's. */
const MOST_AT_ONCE = seconds(1);
const NO_PACKETS: PacketCounts = { received: 0, missing: 0, ppm: 0 };

/** Watches one session: its sound as it comes in, before any gain, its packets, and its connection from the SFU. */
export class HostGuard {
  readonly #conditions = new Conditions(HYSTERESIS);
  readonly #sound = new SoundWatch();
  readonly #squeal = new Squeal();
  readonly #packets = new PacketWatch();
  /** Changes that {@link take} has not returned yet. */
  #changes: Change<HostWarning>[] = [];
  /** Whether the connection from the SFU is broken. Set by the show's guard. */
  isLost = false;
  /** Whether the host is turned down while it squeals. Set by the show's guard. */
  ducksSqueals = false;
  /** Whether a host line has fed this guard since the last {@link passUnfed}. */
  #isFed = false;

  /**
   * Takes the next access unit of the session's host line.
   *
   * @param shortTerm the line's short-term loudness, LUFS
   */
  push(pcm: Float32Array, counts: PacketCounts, shortTerm: number): void {
    this.#isFed = true;
    this.#squeal.push(pcm);
    this.#look(measuresOf(pcm), counts, shortTerm);
  }

  /** Does the same for whole access units of digital silence, `frames` sample frames. */
  pushSilence(frames: number, counts: PacketCounts, shortTerm: number): void {
    this.#isFed = true;
    const counted = Math.min(frames, MOST_AT_ONCE);
    this.#squeal.pushSilence(counted);
    for (let left = counted; left > 0; left -= AU_SAMPLES)
      this.#look(silence(Math.min(left, AU_SAMPLES)), counts, shortTerm);
  }

  /** The programme went on by `frames` sample frames. They count as silence without packets if no line has fed this guard. */
  passUnfed(frames: number): void {
    if (!this.#isFed) this.pushSilence(frames, NO_PACKETS, Number.NEGATIVE_INFINITY);
    this.#isFed = false;
  }

  /** The factor for this session's sound on its way into the mix: below 1 while a squeal is turned down. */
  get gain(): number {
    return this.ducksSqueals && this.#squeal.isThere ? DUCKED : 1;
  }

  /** Returns the changes since the last call, in order. */
  take(): Change<HostWarning>[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** The session is over. Returns the last changes, and those by which its raised warnings are cleared. */
  end(): Change<HostWarning>[] {
    return [...this.take(), ...this.#conditions.end()];
  }

  #look(measures: SoundMeasures, counts: PacketCounts, shortTerm: number): void {
    const { silent, ...sound } = this.#sound.push(measures, shortTerm);
    const packets = this.#packets.push(counts, measures.frames);
    // A host that sends nothing is gone, not silent; a host whose connection from the SFU is broken is lost.
    const { areComing } = this.#packets;
    const verdicts = {
      ...sound,
      ...packets,
      "host-gone": this.isLost ? ("between" as const) : packets["host-gone"],
      "host-lost": this.isLost ? ("bad" as const) : ("good" as const),
      "host-silent": areComing ? silent : ("between" as const),
      "microphone-dead": !areComing
        ? ("between" as const)
        : measures.isZero
          ? ("bad" as const)
          : ("good" as const),
      squeal: this.#squeal.isThere ? ("bad" as const) : ("good" as const),
    };
    this.#changes.push(...this.#conditions.push(verdicts, measures.frames));
  }
}
