import { hostKey } from "../access/keys.ts";
import type { Accepted, Description, Offer } from "../broadcast-api.ts";
import type { Window } from "../hls/window.ts";
import type { Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { Attendance } from "./attendance.ts";
import { Clockwork } from "./clockwork.ts";
import type { Counts } from "./counts.ts";
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
  type Show,
} from "./lifecycle.ts";
import type { Means } from "./means.ts";
import { endedStage, type Programme } from "./programme.ts";
import { Publishers } from "./publishers.ts";
import { type Read, Reads, type Stage } from "./reads.ts";
import { Recording } from "./recording.ts";
import { type Resumption, replace, resume, setAside, timelineOf } from "./resumption.ts";
import { Revival } from "./revival.ts";
import { Shelf } from "./shelf.ts";

/**
 * One broadcast that exists: its show, its hosts, what listeners read of it and, while its timeline runs, the clockwork
 * that drives its programme. What changes is stored before it is seen.
 */
export class Production {
  readonly publishers: Publishers;
  readonly #means: Means;
  readonly #reads: Reads;
  #show: Show;
  readonly #ledger: Ledger;
  readonly #shelf: Shelf;
  readonly #recording: Recording;
  readonly #revival: Revival;
  #ended: Stage | null = null;
  readonly #attendance = new Attendance(Date.now());
  readonly #clockwork = new Clockwork({
    listed: ({ window }, now) => {
      this.#reads.wake(window, now);
      this.#means.later(this.#recording.run());
    },
    doChores: (programme, now) => this.#doChores(programme, now),
    restsUntil: (wall) =>
      this.publishers.sessions.length === 0 && this.#attendance.isQuiet(wall)
        ? forgottenAt(this.#show, this.#attendance.lastAt)
        : null,
    mayPassOver: () => this.#show.state === "open" && this.#shelf.next() === null,
    rests: (until) => this.#revival.arrange(until),
    replace: (why) => this.#replace(why),
    fail: (error) => {
      console.error(`The programme of ${this.#show.id} failed and is resumed: ${String(error)}`);
      this.#means.restart("The programme failed.");
    },
  });

  /**
   * Takes up a show as the store has it: the one rule for a new show, a restarted object and one that slept. Its timeline
   * stands until {@link start}.
   */
  constructor(show: Show, means: Means) {
    this.#show = show;
    this.#means = means;
    this.#reads = new Reads(means.store);
    this.#ledger = new Ledger(means.store);
    this.#revival = new Revival(means.reviveAt);
    this.publishers = new Publishers(means, show.id, Date.now());
    this.#shelf = new Shelf(means.store);
    this.#recording = new Recording(means.bucket, show.id, this.#shelf);
    const init = means.store.init();
    if (show.timeline !== null && init !== null) this.#shelf.turnTo(show.timeline.epoch, init);
    if (show.state === "ended") this.#ended = endedStage(show, means.store);
  }

  /** Lets the timeline go on, if the show has one that runs. Where that can not be, it is tried again later. */
  start(): void {
    if (this.#clockwork.programme !== null || !isRunning(this.#show)) return;
    try {
      this.#clockwork.start(this.#take(resume(this.#show, this.#means.store, Date.now())));
    } catch (error) {
      console.error(`${this.#show.id} can not be begun, and is tried again: ${String(error)}`);
      this.#revival.arrange(Date.now());
    }
  }

  /** The generation of the one host key that opens the show. */
  get keyGeneration(): number {
    return this.#show.keyGeneration;
  }

  /** A listener's read, and what Origin says it has answered since it last said so. */
  read(target: Exclude<Target, { kind: "audience" }>, answered: Counts): Promise<Read> | Read {
    this.count(answered);
    if (target.kind === "status") return this.#reads.say(target, () => publicStatus(this.#show, this.#onAir));
    const wall = Date.now();
    this.#attendance.read(target, this.#show, wall);
    this.#clockwork.rouse();
    return this.#reads.read(target, () => this.#stage(), this.#clockwork.read(wall));
  }

  /** Counts what Origin has answered. What is read after the end is counted too, and stored as it comes. */
  count(answered: Counts): void {
    this.#attendance.answered(answered, Date.now());
    this.#ledger.add(answered);
    if (this.#ended !== null) this.#ledger.keepNowAndThen(Date.now());
  }

  /** @param origin where the asker reached us; absolute URLs begin with it */
  async describe(origin: string): Promise<Description> {
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
    const window = this.#stop();
    this.#put(end(this.#show, now));
    this.#ledger.keep();
    this.#ended = endedStage(this.#show, this.#means.store);
    if (window === null) this.#reads.abandon();
    else this.#reads.wake({ ...window, ended: true }, now);
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
    if (isSettled) this.#revival.cancel();
    else this.#revival.arrange(Date.now());
  }

  /** Takes a host's offer; the doors open with the first. The show may end, and its key be replaced, while the SFU is asked. */
  async publish(offer: Offer, origin: string): Promise<Accepted | Problem> {
    // The doors do not close in the face of a host whom the SFU is asked about.
    this.#attendance.lastAt = Date.now();
    const { keyGeneration } = this.#show;
    const isReplaced = () => this.#show.keyGeneration !== keyGeneration;
    const refusal = () =>
      this.#show.state === "ended" ? PROBLEMS.ended : isReplaced() ? PROBLEMS.wrongHostKey : null;
    const result = await this.publishers.publish(offer, origin, refusal);
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
    this.#clockwork.hear(host, message, wall);
  }

  #replace(why: string): Programme {
    const wall = Date.now();
    const programme = this.#take(replace(this.#show, this.#means.store, wall, why));
    this.#attendance.lastAt = wall;
    this.#reads.abandon();
    return programme;
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
  #stop(): Window | null {
    try {
      const isStanding = this.#clockwork.programme === null && isRunning(this.#show);
      const programme = isStanding
        ? this.#take(resume(this.#show, this.#means.store, Date.now()))
        : this.#clockwork.stop();
      programme?.finish();
      return programme?.window ?? null;
    } catch (error) {
      console.error(`The last segment of ${this.#show.id} could not be closed: ${String(error)}`);
      return null;
    }
  }

  #doChores({ pipeline, window }: Programme, now: number): void {
    const { sessions } = this.publishers;
    pipeline.retain(sessions);
    this.#reads.wake(window, now);
    if (this.#show.state === "open" && sessions.some((session) => pipeline.isHeard(session))) {
      this.#put(goLive(this.#show));
    }
    const wall = Date.now();
    if (sessions.length > 0 || this.#reads.areHeld) this.#attendance.lastAt = wall;
    if (isForgotten(this.#show, this.#attendance.lastAt, wall)) {
      this.#close();
      return;
    }
    this.#means.later(this.publishers.sweep(wall));
    this.#ledger.keepNowAndThen(wall);
    this.#revival.renew(wall);
  }

  /** Closes the doors on a show that nobody attends, until the next host: nothing of it runs then, or costs anything. */
  #close(): void {
    const { id, idleMinutes } = this.#show;
    console.log(`The doors of ${id} close: neither host nor listener for ${idleMinutes} minutes.`);
    this.#stop();
    setAside(this.#show, this.#means.store);
    this.#shelf.rest();
    this.#put(close(this.#show));
    this.#reads.abandon();
    this.#means.later(this.settle());
  }

  get #onAir() {
    return { programme: this.#clockwork.programme, publishers: this.publishers };
  }

  #stage(): Stage | null {
    const { programme } = this.#clockwork;
    if (programme === null) return this.#ended;
    const { window, init, ring } = programme;
    return { show: this.#show, window, init, ring };
  }

  #put(show: Show): void {
    this.#show = show;
    this.#means.store.putShow(show);
  }
}
