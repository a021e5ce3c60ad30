import type { Patience } from "../audio/condition.ts";
import { type Change, Conditions } from "../audio/conditions.ts";
import { SILENCE, SOUND_PATIENCE, SoundWatch } from "../audio/sound-watch.ts";
import { type Stretch, silence, stretchOf } from "../audio/stretch.ts";
import type { HostState } from "../broadcast-api.ts";
import type { EventHost, Warning } from "../events.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { HostGuard } from "./host-guard.ts";
import type { WarningNote } from "./warnings.ts";

/** What can be wrong with what goes out. */
type ProgrammeWarning = Extract<Warning, "silence" | "dead-air" | "channel-dead" | "too-quiet">;

const PATIENCE: Readonly<Record<ProgrammeWarning, Patience>> = {
  "channel-dead": SOUND_PATIENCE["channel-dead"],
  "too-quiet": SOUND_PATIENCE["too-quiet"],
  silence: { raise: 8 * SAMPLE_RATE, ...SILENCE },
  "dead-air": { raise: 20 * SAMPLE_RATE, ...SILENCE },
};
/** After so many samples of digital silence a stretch of it says the same whatever its length: 0.5 s. */
const SETTLED = 24 * AU_SAMPLES;

/** A session as the guard has to know it. */
export interface Attendant extends Pick<HostState, "state"> {
  readonly host: EventHost;
}

/**
 * The dead-air guard of a show: warns of what is wrong with the programme, measured on what goes out, and with each host,
 * measured on what comes in. It counts samples and has no clock. A show of which no host has been heard, or where none is
 * connected any more, is warned of nothing: that it has no host is no fault of its sound.
 */
export class Guard {
  readonly #programme = new Conditions(PATIENCE);
  readonly #sound = new SoundWatch();
  readonly #hosts = new Map<string, HostGuard>();
  #attendants: ReadonlyMap<string, Attendant> = new Map();
  /** Whether a host is connected whose sound has come at least once. */
  #isOn = false;
  #changes: Change<ProgrammeWarning>[] = [];
  /** Sample frames of the programme since {@link attend} was last called. */
  #passed = 0;
  /** The sessions of a host of which something is wrong, by what it is and whose: a host is warned of it once. */
  readonly #raised = new Map<string, Set<string>>();

  /** What watches over a session's line; the line feeds it. */
  host(session: string): HostGuard {
    let host = this.#hosts.get(session);
    if (host === undefined) {
      host = new HostGuard();
      this.#hosts.set(session, host);
    }
    return host;
  }

  /**
   * Takes the next access unit of the programme, without hold audio, which would hide what it is for.
   *
   * @param shortTerm its short-term loudness, LUFS
   */
  push(pcm: Float32Array, shortTerm: number): void {
    this.#passed += pcm.length / CHANNELS;
    if (this.#isOn) this.#look(stretchOf(pcm), shortTerm);
  }

  /** The same for whole access units of digital silence, at a cost that does not grow with their number. */
  pushSilence(frames: number, shortTerm: number): void {
    this.#passed += frames;
    if (!this.#isOn) return;
    let left = frames;
    for (const last = Math.max(0, frames - SETTLED); left > last; left -= AU_SAMPLES)
      this.#look(silence(Math.min(left, AU_SAMPLES)), shortTerm);
    if (left > 0) this.#look(silence(left), shortTerm);
  }

  /** For how many seconds nothing has been heard of hosts who are connected; 0 where something is. */
  get deadAirSeconds(): number {
    return this.#programme.lasts("dead-air") / SAMPLE_RATE;
  }

  /**
   * Takes who is connected at this moment, by sessions; what there is to say since it was last asked, in order.
   *
   * @param ducksSqueals whether a host who squeals is turned down in the programme
   */
  attend(attendants: ReadonlyMap<string, Attendant>, ducksSqueals: boolean): WarningNote[] {
    const notes: WarningNote[] = [];
    const say = (changes: readonly Change<Warning>[], session: string, host: EventHost | null) => {
      for (const { kind, raised } of changes)
        if (this.#turns(kind, raised, session, host)) notes.push({ kind, raised, host });
    };
    // After a restart nothing may have come yet of a session whose way is broken: no line feeds its guard.
    for (const [session, { state }] of attendants) if (state === "reattaching") this.host(session);
    for (const [session, guard] of this.#hosts) {
      const attendant = attendants.get(session) ?? this.#attendants.get(session);
      const isOver = !attendants.has(session);
      if (isOver) this.#hosts.delete(session);
      if (attendant === undefined) continue;
      guard.isLost = attendant.state === "reattaching";
      guard.ducksSqueals = ducksSqueals;
      guard.passUnfed(this.#passed);
      say(isOver ? guard.end() : guard.take(), session, attendant.host);
    }
    this.#passed = 0;
    this.#attendants = attendants;
    this.#isOn = [...attendants.values()].some(({ state }) => state !== "connecting");
    if (!this.#isOn) this.#changes.push(...this.#programme.end());
    say(this.#changes, "", null);
    this.#changes = [];
    return notes;
  }

  /** Whether that something is wrong with a session, or is not any more, makes it so for its host, who may have several. */
  #turns(kind: Warning, raised: boolean, session: string, host: EventHost | null): boolean {
    const name = `${kind} ${host?.hostId ?? ""}`;
    const sessions = this.#raised.get(name) ?? new Set();
    const before = sessions.size;
    if (raised) sessions.add(session);
    else sessions.delete(session);
    if (sessions.size > 0) this.#raised.set(name, sessions);
    else this.#raised.delete(name);
    return sessions.size > 0 !== before > 0;
  }

  #look(stretch: Stretch, shortTerm: number): void {
    // No clipping: what goes out has passed the limiter.
    const { silent, clipping: _, ...sound } = this.#sound.push(stretch, shortTerm);
    const verdicts = { ...sound, silence: silent, "dead-air": silent };
    this.#changes.push(...this.#programme.push(verdicts, stretch.frames));
  }
}
