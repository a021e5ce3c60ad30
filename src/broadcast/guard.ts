import type { Hysteresis } from "../audio/condition.ts";
import { type Change, Conditions } from "../audio/conditions.ts";
import { measuresOf, type SoundMeasures, silence } from "../audio/sound-measures.ts";
import { SILENCE, SOUND_HYSTERESIS, SoundWatch } from "../audio/sound-watch.ts";
import type { HostState } from "../broadcast-api.ts";
import type { EventHost, Warning } from "../events.ts";
import { AU_SAMPLES, CHANNELS, SAMPLE_RATE } from "../media.ts";
import { HostGuard } from "./host-guard.ts";
import type { WarningNote } from "./warnings.ts";

/** The warnings that can be raised about what goes out. */
type ProgrammeWarning = Extract<Warning, "silence" | "dead-air" | "channel-dead" | "too-quiet">;

const HYSTERESIS: Readonly<Record<ProgrammeWarning, Hysteresis>> = {
  "channel-dead": SOUND_HYSTERESIS["channel-dead"],
  "too-quiet": SOUND_HYSTERESIS["too-quiet"],
  silence: { raise: 8 * SAMPLE_RATE, ...SILENCE },
  "dead-air": { raise: 20 * SAMPLE_RATE, ...SILENCE },
};
/**
 * After this much digital silence, in samples (0.5 s), the verdicts stay the same, so that the rest can be taken in one piece.
 */
const SETTLED = 24 * AU_SAMPLES;

/** What the guard has to know of a host's session. */
export interface Attendant extends Pick<HostState, "state"> {
  readonly host: EventHost;
}

/**
 * The dead-air guard of a show. It warns of faults of the programme, measured on what goes out, and of each host, measured on
 * what comes in. It counts samples and has no clock. While no host is connected whose sound has come, it raises nothing for the
 * programme: a show without a host is no fault of its sound.
 */
export class Guard {
  readonly #programme = new Conditions(HYSTERESIS);
  readonly #sound = new SoundWatch();
  readonly #hosts = new Map<string, HostGuard>();
  #attendants: ReadonlyMap<string, Attendant> = new Map();
  /** Whether a host is connected whose sound has come at least once. The programme is watched only then. */
  #isOn = false;
  #changes: Change<ProgrammeWarning>[] = [];
  /** Sample frames of the programme since {@link attend} was last called. */
  #passed = 0;
  /** For each fault and host, the host's sessions that have the fault: a host with several sessions is warned once. */
  readonly #raised = new Map<string, { readonly kind: Warning; readonly sessions: Set<string> }>();

  /** Returns the guard of a session, which that session's host line feeds. */
  host(session: string): HostGuard {
    let host = this.#hosts.get(session);
    if (host === undefined) {
      host = new HostGuard();
      this.#hosts.set(session, host);
    }
    return host;
  }

  /**
   * Takes the next access unit of the programme, without hold audio: that would hide the faults the guard looks for.
   *
   * @param shortTerm the programme's short-term loudness, LUFS
   */
  push(pcm: Float32Array, shortTerm: number): void {
    this.#passed += pcm.length / CHANNELS;
    if (this.#isOn) this.#look(measuresOf(pcm), shortTerm);
  }

  /**
   * Does the same for whole access units of digital silence, `frames` sample frames, at a cost that does not grow with them.
   */
  pushSilence(frames: number, shortTerm: number): void {
    this.#passed += frames;
    if (!this.#isOn) return;
    let left = frames;
    for (const last = Math.max(0, frames - SETTLED); left > last; left -= AU_SAMPLES)
      this.#look(silence(Math.min(left, AU_SAMPLES)), shortTerm);
    if (left > 0) this.#look(silence(left), shortTerm);
  }

  /** For how many seconds the connected hosts have been silent; 0 while they are heard. */
  get deadAirSeconds(): number {
    return this.#programme.lasts("dead-air") / SAMPLE_RATE;
  }

  /**
   * Takes the hosts connected at this moment. Returns the warnings raised and cleared since the last call, in order.
   *
   * @param attendants by WHIP session
   * @param ducksSqueals whether a host who squeals is turned down in the programme
   */
  attend(attendants: ReadonlyMap<string, Attendant>, ducksSqueals: boolean): WarningNote[] {
    const notes: WarningNote[] = [];
    const say = (changes: readonly Change<Warning>[], session: string, host: EventHost | null) => {
      for (const { kind, raised } of changes)
        if (this.#turns(kind, raised, session, host)) notes.push({ kind, raised, host });
    };
    // After a restart a session that is reattaching may have no host line yet, and so nothing else makes its guard.
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

  /** The warnings that are raised about a session's own sound. */
  warningsOf(session: string): Warning[] {
    return [...this.#raised.values()].flatMap(({ kind, sessions }) => (sessions.has(session) ? [kind] : []));
  }

  /** The sessions about whose sound this warning is raised. */
  sessionsWith(warning: Warning): ReadonlySet<string> {
    const raised = [...this.#raised.values()].filter(({ kind }) => kind === warning);
    return new Set(raised.flatMap(({ sessions }) => [...sessions]));
  }

  /** Takes a session's change. Returns whether the host's warning changes: its first session raises it, its last clears it. */
  #turns(kind: Warning, raised: boolean, session: string, host: EventHost | null): boolean {
    const name = `${kind} ${host?.hostId ?? ""}`;
    const { sessions } = this.#raised.get(name) ?? { sessions: new Set<string>() };
    const before = sessions.size;
    if (raised) sessions.add(session);
    else sessions.delete(session);
    if (sessions.size > 0) this.#raised.set(name, { kind, sessions });
    else this.#raised.delete(name);
    return sessions.size > 0 !== before > 0;
  }

  #look(measures: SoundMeasures, shortTerm: number): void {
    // Clipping is not looked at: what goes out has passed the limiter.
    const { silent, clipping: _, ...sound } = this.#sound.push(measures, shortTerm);
    const verdicts = { ...sound, silence: silent, "dead-air": silent };
    this.#changes.push(...this.#programme.push(verdicts, measures.frames));
  }
}
