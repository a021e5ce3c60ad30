import { hostKey } from "../access/keys.ts";
import type { Window } from "../hls/window.ts";
import type { Offer } from "../ingest/offer.ts";
import type { SfuFault } from "../ingest/sfu.ts";
import type { Target } from "../paths.ts";
import { Attendance } from "./attendance.ts";
import { Backlog } from "./backlog.ts";
import { Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import { describe, publicStatus } from "./description.ts";
import { Ledger } from "./ledger.ts";
import { close, end, goLive, isForgotten, isRunning, open, rotateKey, type Show } from "./lifecycle.ts";
import type { Means } from "./means.ts";
import type { Crowded } from "./places.ts";
import { endedStage, type Programme } from "./programme.ts";
import { type Accepted, Publishers } from "./publishers.ts";
import { type Read, Reads, type Stage } from "./reads.ts";
import { Recording } from "./recording.ts";
import { type Resumption, replace, resume, setAside, timelineOf } from "./resumption.ts";
import { Shelf } from "./shelf.ts";

/** How far ahead a revival is arranged: for an object that went while nobody was asking anything of it. */
const REVIVAL_MS = 30_000;
/** How often it is moved on; each time is a row written. */
const RENEWAL_MS = 10_000;
/** How often what has no event of its own is looked after. */
const CHORES_MS = 1_000;
/** How exact a timer is. */
const TIMER_MS = 2;

/**
 * One broadcast that exists: its show, its hosts, what listeners read of it and, while its timeline runs, its programme
 * and the clock that drives it. What changes is stored before it is seen.
 */
export class Production {
  readonly publishers: Publishers;
  readonly #means: Means;
  readonly #reads: Reads;
  #show: Show;
  readonly #ledger: Ledger;
  readonly #backlog = new Backlog();
  #programme: Programme | null = null;
  readonly #shelf: Shelf;
  readonly #recording: Recording;
  #ended: Stage | null = null;
  #clock = new Clock(Date.now(), 0);
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** When the timer goes off, by the show's time. */
  #timerAt = 0;
  readonly #attendance = new Attendance(Date.now());
  #choresAt = 0;
  #renewedAt = 0;

  /**
   * Takes up a show as the store has it: the one rule for a new show, a restarted object and one that slept. Its timeline
   * stands until {@link start}.
   */
  constructor(show: Show, means: Means) {
    this.#show = show;
    this.#means = means;
    this.#reads = new Reads(means.store);
    this.#ledger = new Ledger(means.store);
    this.publishers = new Publishers(means, show.id, Date.now());
    this.#shelf = new Shelf(means.store);
    this.#recording = new Recording(means.bucket, show.id, this.#shelf);
    const init = means.store.init();
    if (show.timeline !== null && init !== null) this.#shelf.turnTo(show.timeline.epoch, init);
    if (show.state === "ended") this.#ended = endedStage(show, means.store);
  }

  /** Lets the timeline go on, if the show has one that runs. Where that can not be, it is tried again later. */
  start(): void {
    if (this.#programme !== null || !isRunning(this.#show)) return;
    try {
      this.#start();
    } catch (error) {
      console.error(`${this.#show.id} can not be begun, and is tried again: ${String(error)}`);
      this.#means.reviveAt(Date.now() + REVIVAL_MS);
    }
  }

  /** The generation of the one host key that opens the show. */
  get keyGeneration(): number {
    return this.#show.keyGeneration;
  }

  /** A listener's read, and what Origin says it has answered since it last said so. */
  read(target: Exclude<Target, { kind: "audience" }>, answered: Counts): Promise<Read> | Read {
    this.count(answered);
    if (target.kind === "status") return { kind: "status", status: publicStatus(this.#show, this.#onAir) };
    const wall = Date.now();
    this.#attendance.read(target, this.#show, wall);
    return this.#reads.read(target, () => this.#stage(), this.#clock.read(wall));
  }

  /** Counts what Origin has answered. What is read after the end is counted too, and stored as it comes. */
  count(answered: Counts): void {
    this.#attendance.answered(answered, Date.now());
    this.#ledger.add(answered);
    if (this.#ended !== null) this.#ledger.keepNowAndThen(Date.now());
  }

  /** @param origin where the asker reached us; absolute URLs begin with it */
  async describe(origin: string): Promise<object> {
    const key = await hostKey(this.#means.secret, this.#show.id, this.#show.keyGeneration);
    const counts = { originReads: this.#ledger.counts, recordingFailures: this.#recording.failures };
    return describe(this.#show, { ...this.#onAir, ...counts }, { origin, hostKey: key });
  }

  /** Opens the doors: the timeline runs from now on. */
  open(): void {
    if (this.#show.state !== "announced") return;
    this.#ledger.clear();
    this.#attendance.lastAt = Date.now();
    this.#put(open(this.#show, timelineOf(this.#show, Date.now())));
    this.start();
  }

  /** Ends the show: the list first, then the hosts. */
  async end(): Promise<void> {
    if (this.#show.state === "ended") return;
    const now = Date.now();
    const window = this.#stop(now);
    this.#put(end(this.#show, now));
    this.#ledger.keep();
    this.#ended = endedStage(this.#show, this.#means.store);
    if (window !== null) this.#reads.wake({ ...window, ended: true }, now);
    this.publishers.dropAll("the show has ended");
    await this.settle();
  }

  /** Replaces the host key. Whoever publishes by the one there was is cut off, and may publish again by the new one. */
  rotateKey(): void {
    this.#put(rotateKey(this.#show));
    this.publishers.dropAll("the host key has been replaced");
  }

  /** Gets what is still to be kept to R2, and sees to it that what could not be is tried again later. */
  async settle(): Promise<void> {
    await this.#recording.run();
    const isSettled = !isRunning(this.#show) && this.#shelf.next() === null;
    this.#means.reviveAt(isSettled ? null : Date.now() + REVIVAL_MS);
  }

  /** Takes a host's offer; the doors open with the first. The show may end, and its key be replaced, while the SFU is asked. */
  async publish(
    offer: Offer,
    origin: string,
  ): Promise<Accepted | Crowded | SfuFault | "ended" | "key replaced"> {
    // The doors do not close in the face of a host whom the SFU is asked about.
    this.#attendance.lastAt = Date.now();
    const { keyGeneration } = this.#show;
    const isOver = () => this.#show.state === "ended" || this.#show.keyGeneration !== keyGeneration;
    const result = await this.publishers.publish(offer, origin, isOver);
    if (result === "ended") return this.#show.state === "ended" ? "ended" : "key replaced";
    if (result.kind === "accepted") {
      this.open();
      this.#means.later(this.publishers.attach(result.session));
    }
    return result;
  }

  /** Takes one message of a host's socket. */
  hear(host: string, message: Uint8Array): void {
    const wall = Date.now();
    this.publishers.hear(host, wall);
    const programme = this.#programme;
    if (programme === null) return;
    const now = this.#clock.read(wall);
    programme.pipeline.hear(host, message, programme.at(now));
    // A timeline without hosts wakes up for whole parts alone.
    const due = programme.millisUntilDue(now);
    if (now + due < this.#timerAt - TIMER_MS) this.#wakeIn(due);
  }

  /** Starts or resumes the timeline. */
  #start(): void {
    const wall = Date.now();
    const programme = this.#take(resume(this.#show, this.#means.store, wall));
    this.#programme = programme;
    this.#clock = new Clock(wall, programme.staleness(wall) === null ? programme.listedUntil : wall);
    this.#tick();
  }

  /** Begins a timeline that can not be gone on with anew, under a new epoch. */
  #replace(programme: Programme, why: string): Programme {
    const wall = Date.now();
    this.#programme = this.#take(replace(this.#show, this.#means.store, wall, why));
    this.#clock = new Clock(wall, 0);
    this.#attendance.lastAt = wall;
    programme.abandon();
    this.#reads.abandon();
    return this.#programme;
  }

  #take({ show, programme }: Resumption): Programme {
    if (show !== this.#show) this.#ledger.clear();
    this.#show = show;
    this.#shelf.turnTo(show.timeline.epoch, programme.init);
    return programme;
  }

  /**
   * Stops the clock and closes the last segment, of a timeline that has not been started here where its last part ended; the
   * window as it is then, null where there is none. What fails at it keeps no show from its end.
   */
  #stop(now: number): Window | null {
    if (this.#timer !== null) clearTimeout(this.#timer);
    try {
      const isStanding = this.#programme === null && isRunning(this.#show);
      const programme = isStanding ? this.#take(resume(this.#show, this.#means.store, now)) : this.#programme;
      this.#programme = null;
      programme?.finish();
      return programme?.window ?? null;
    } catch (error) {
      console.error(`The last segment of ${this.#show.id} could not be closed: ${String(error)}`);
      return null;
    }
  }

  /** The show's clock. A bug that throws here must not stop the programme: the object restarts and resumes. */
  readonly #tick = (): void => {
    let programme = this.#programme;
    if (programme === null) return;
    try {
      const why = programme.staleness(Date.now());
      if (why !== null) programme = this.#replace(programme, why);
      const now = this.#clock.read(Date.now());
      const wait = this.#backlog.wait(programme.lateness(now), programme.isOverdue(now));
      if (wait > 0) {
        this.#wakeIn(wait);
        return;
      }
      if (programme.advance(now)) {
        this.#reads.wake(programme.window, now);
        this.#means.later(this.#recording.run());
      }
      if (now - this.#choresAt >= CHORES_MS) this.#doChores(programme, now);
      if (this.#programme !== null) this.#wakeIn(programme.millisUntilDue(this.#clock.read(Date.now())));
    } catch (error) {
      console.error(`The programme of ${this.#show.id} failed and is resumed: ${String(error)}`);
      this.#means.restart("The programme failed.");
    }
  };

  #wakeIn(millis: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = this.#clock.read(Date.now()) + millis;
    this.#timer = setTimeout(this.#tick, millis);
  }

  #doChores({ pipeline, window }: Programme, now: number): void {
    this.#choresAt = now;
    const { sessions } = this.publishers;
    pipeline.retain(sessions);
    this.#reads.wake(window, now);
    if (this.#show.state === "open" && sessions.some((session) => pipeline.isHeard(session))) {
      this.#put(goLive(this.#show));
    }
    const wall = Date.now();
    if (sessions.length > 0 || this.#reads.areHeld) this.#attendance.lastAt = wall;
    if (isForgotten(this.#show, this.#attendance.lastAt, wall)) {
      this.#close(wall);
      return;
    }
    this.#means.later(this.publishers.sweep(wall));
    this.#ledger.keepNowAndThen(wall);
    if (now - this.#renewedAt < RENEWAL_MS) return;
    this.#renewedAt = now;
    this.#means.reviveAt(wall + REVIVAL_MS);
  }

  /** Closes the doors on a show that nobody attends, until the next host: nothing of it runs then, or costs anything. */
  #close(now: number): void {
    const { id, idleMinutes } = this.#show;
    console.log(`The doors of ${id} close: neither host nor listener for ${idleMinutes} minutes.`);
    this.#stop(now);
    setAside(this.#show, this.#means.store);
    this.#shelf.rest();
    this.#put(close(this.#show));
    this.#reads.abandon();
    this.#means.later(this.settle());
  }

  get #onAir() {
    return { programme: this.#programme, publishers: this.publishers };
  }

  #stage(): Stage | null {
    if (this.#programme === null) return this.#ended;
    const { window, init, ring } = this.#programme;
    return { show: this.#show, window, init, ring };
  }

  #put(show: Show): void {
    this.#show = show;
    this.#means.store.putShow(show);
  }
}
