import { hostKey } from "../access/keys.ts";
import type { Accepted, Description, Offer } from "../broadcast-api.ts";
import type { Window } from "../hls/window.ts";
import type { Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { Alarm } from "./alarm.ts";
import { Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import type { Dependencies } from "./dependencies.ts";
import { describe, publicStatus } from "./description.ts";
import { Ledger } from "./ledger.ts";
import {
  close,
  end,
  forgottenAt,
  goLive,
  isForgotten,
  isRunning,
  open,
  rotateKey,
  type ShowRow,
} from "./lifecycle.ts";
import { Outbox } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { Publishers } from "./publishers.ts";
import { type Read, Reads, type Stage } from "./reads.ts";
import { Recording } from "./recording.ts";
import { type Resumption, replace, resume, setAside, timelineOf } from "./resumption.ts";
import { endedStage, type Timeline } from "./timeline.ts";

/**
 * One broadcast's life: its row, its hosts, what listeners read of it and, while its timeline runs, the clock that drives it. What changes is stored before it is seen.
 */
export class Show {
  readonly publishers: Publishers;
  readonly #deps: Dependencies;
  readonly #reads: Reads;
  #row: ShowRow;
  readonly #ledger: Ledger;
  readonly #outbox: Outbox;
  readonly #recording: Recording;
  readonly #alarm: Alarm;
  #ended: Stage | null = null;
  readonly #presence = new Presence(Date.now());
  readonly #clock = new Clock({
    listed: ({ window }, now) => {
      this.#reads.wake(window, now);
      this.#deps.waitUntil(this.#recording.run());
    },
    doChores: (timeline, now) => this.#doChores(timeline, now),
    restsUntil: (wall) =>
      this.publishers.sessions.length === 0 && this.#presence.isQuiet(wall)
        ? forgottenAt(this.#row, this.#presence.lastAt)
        : null,
    mayPassOver: () => this.#row.state === "open" && this.#outbox.next() === null,
    rests: (until) => this.#alarm.arrange(until),
    replace: (why) => this.#replace(why),
    fail: (error) => {
      console.error(`The programme of ${this.#row.id} failed and is resumed: ${String(error)}`);
      this.#deps.restart("The programme failed.");
    },
  });

  /**
   * Takes up a show as the store has it: the one rule for a new show, a restarted object and one that slept. Its timeline
   * stands until {@link start}.
   */
  constructor(row: ShowRow, deps: Dependencies) {
    this.#row = row;
    this.#deps = deps;
    this.#reads = new Reads(deps.store);
    this.#ledger = new Ledger(deps.store);
    this.#alarm = new Alarm(deps.setAlarm);
    this.publishers = new Publishers(deps, row.id, Date.now());
    this.#outbox = new Outbox(deps.store);
    this.#recording = new Recording(deps.bucket, row.id, this.#outbox);
    const init = deps.store.init();
    if (row.timeline !== null && init !== null) this.#outbox.turnTo(row.timeline.epoch, init);
    if (row.state === "ended") this.#ended = endedStage(row, deps.store);
  }

  /** Lets the timeline go on, if the show has one that runs. Where that can not be, it is tried again later. */
  start(): void {
    if (this.#clock.timeline !== null || !isRunning(this.#row)) return;
    try {
      this.#clock.start(this.#take(resume(this.#row, this.#deps.store, Date.now())));
    } catch (error) {
      console.error(`${this.#row.id} can not be begun, and is tried again: ${String(error)}`);
      this.#alarm.arrange(Date.now());
    }
  }

  /** The generation of the one host key that opens the show. */
  get keyGeneration(): number {
    return this.#row.keyGeneration;
  }

  /**
   * A listener's read, with the reads that Origin has answered and not told of yet, this one included. What is read after
   * the end is counted too, and stored as it comes.
   */
  read(target: Exclude<Target, { kind: "audience" }>, answered: Counts): Promise<Read> | Read {
    const wall = Date.now();
    this.#ledger.add(answered);
    if (this.#ended !== null) this.#ledger.keepNowAndThen(wall);
    if (target.kind === "status") return this.#reads.say(target, () => publicStatus(this.#row, this.#onAir));
    this.#presence.read(target, this.#row, wall);
    this.#clock.rouse();
    return this.#reads.read(target, () => this.#stage(), this.#clock.read(wall));
  }

  /** @param origin where the asker reached us; absolute URLs begin with it */
  async describe(origin: string): Promise<Description> {
    const key = await hostKey(this.#deps.secret, this.#row.id, this.#row.keyGeneration);
    const counts = { originReads: this.#ledger.counts, recordingFailures: this.#recording.failures };
    return describe(this.#row, { ...this.#onAir, ...counts }, { origin, hostKey: key });
  }

  /** Opens the doors: the timeline runs from now on. */
  open(): void {
    if (this.#row.state !== "announced") return;
    this.#ledger.clear();
    this.#presence.lastAt = Date.now();
    this.#put(open(this.#row, timelineOf(this.#row, Date.now())));
    this.start();
  }

  /** Ends the show: the list first, then the hosts. */
  async end(): Promise<void> {
    if (this.#row.state === "ended") return;
    const now = Date.now();
    const window = this.#stop();
    this.#put(end(this.#row, now));
    this.#ledger.keep();
    this.#ended = endedStage(this.#row, this.#deps.store);
    if (window === null) this.#reads.abandon();
    else this.#reads.wake({ ...window, ended: true }, now);
    this.publishers.dropAll("the show has ended");
    await this.settle();
  }

  /** Replaces the host key. Whoever publishes by the one there was is cut off, and may publish again by the new one. */
  rotateKey(): void {
    this.#put(rotateKey(this.#row));
    this.publishers.dropAll("the host key has been replaced");
  }

  /** Gets what is still to be kept to R2, and sees to it that what could not be is tried again later. */
  async settle(): Promise<void> {
    await this.#recording.run();
    const isSettled = !isRunning(this.#row) && this.#outbox.next() === null;
    if (isSettled) this.#alarm.cancel();
    else this.#alarm.arrange(Date.now());
  }

  /** Takes a host's offer; the doors open with the first. The show may end, and its key be replaced, while the SFU is asked. */
  async publish(offer: Offer, origin: string): Promise<Accepted | Problem> {
    // The doors do not close in the face of a host whom the SFU is asked about.
    this.#presence.lastAt = Date.now();
    const { keyGeneration } = this.#row;
    const isReplaced = () => this.#row.keyGeneration !== keyGeneration;
    const refusal = () =>
      this.#row.state === "ended" ? PROBLEMS.ended : isReplaced() ? PROBLEMS.wrongHostKey : null;
    const result = await this.publishers.publish(offer, origin, refusal);
    if (result.kind === "accepted") {
      this.open();
      this.#deps.waitUntil(this.publishers.attach(result.session));
    }
    return result;
  }

  /** Takes one message of a host's socket. */
  hear(host: string, message: Uint8Array): void {
    const wall = Date.now();
    this.publishers.hear(host, wall);
    this.#clock.hear(host, message, wall);
  }

  #replace(why: string): Timeline {
    const wall = Date.now();
    const timeline = this.#take(replace(this.#row, this.#deps.store, wall, why));
    this.#presence.lastAt = wall;
    this.#reads.abandon();
    return timeline;
  }

  #take({ row, timeline }: Resumption): Timeline {
    if (row !== this.#row) this.#ledger.clear();
    this.#row = row;
    this.#outbox.turnTo(row.timeline.epoch, timeline.init);
    return timeline;
  }

  /**
   * Stops the clock and closes the last segment, of a timeline that has not been started here where its last part ended; the
   * window as it is then, null where there is none. What fails at it keeps no show from its end.
   */
  #stop(): Window | null {
    try {
      const isStanding = this.#clock.timeline === null && isRunning(this.#row);
      const timeline = isStanding
        ? this.#take(resume(this.#row, this.#deps.store, Date.now()))
        : this.#clock.stop();
      timeline?.finish();
      return timeline?.window ?? null;
    } catch (error) {
      console.error(`The last segment of ${this.#row.id} could not be closed: ${String(error)}`);
      return null;
    }
  }

  #doChores({ pipeline, window }: Timeline, now: number): void {
    const { sessions } = this.publishers;
    pipeline.retain(sessions);
    this.#reads.wake(window, now);
    if (this.#row.state === "open" && sessions.some((session) => pipeline.isHeard(session))) {
      this.#put(goLive(this.#row));
    }
    const wall = Date.now();
    if (sessions.length > 0 || this.#reads.areHeld) this.#presence.lastAt = wall;
    if (isForgotten(this.#row, this.#presence.lastAt, wall)) {
      this.#close();
      return;
    }
    this.#deps.waitUntil(this.publishers.sweep(wall));
    this.#ledger.keepNowAndThen(wall);
    this.#alarm.renew(wall);
  }

  /** Closes the doors on a show that nobody attends, until the next host: nothing of it runs then, or costs anything. */
  #close(): void {
    const { id, idleMinutes } = this.#row;
    console.log(`The doors of ${id} close: neither host nor listener for ${idleMinutes} minutes.`);
    this.#stop();
    setAside(this.#row, this.#deps.store);
    this.#outbox.rest();
    this.#put(close(this.#row));
    this.#reads.abandon();
    this.#deps.waitUntil(this.settle());
  }

  get #onAir() {
    return { timeline: this.#clock.timeline, publishers: this.publishers };
  }

  #stage(): Stage | null {
    const { timeline } = this.#clock;
    if (timeline === null) return this.#ended;
    const { window, init, ring } = timeline;
    return { show: this.#row, window, init, ring };
  }

  #put(row: ShowRow): void {
    this.#row = row;
    this.#deps.store.putShow(row);
  }
}
