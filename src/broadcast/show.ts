import { FIRST_HOST, type HostKey, hostKey } from "../access/keys.ts";
import type { Changes, Description } from "../broadcast-api.ts";
import type { Target } from "../paths.ts";
import type { Problem } from "../problem.ts";
import { Agenda } from "./agenda.ts";
import { attendantsOf } from "./attendants.ts";
import { Cast } from "./cast.ts";
import { Chronicle } from "./chronicle.ts";
import { CHORES_MS, Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import type { Dependencies } from "./dependencies.ts";
import { describe, publicStatus } from "./description.ts";
import { Holding } from "./holding.ts";
import { type Life, lifeOf, pipelineOf, publishedOf, type Running, withRow } from "./life.ts";
import { lifeboatOf } from "./lifeboat.ts";
import {
  change,
  close,
  end,
  goLive,
  open,
  rotateKey,
  type ShowRow,
  sayLate,
  unfit,
  withHosts,
} from "./lifecycle.ts";
import { OriginReads } from "./origin-reads.ts";
import { Outbox } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { Publishers } from "./publishers.ts";
import { type Read, Reads } from "./reads.ts";
import { Recording } from "./recording.ts";
import { type Resumption, timelineOf } from "./resumption.ts";
import { Succession } from "./succession.ts";

/**
 * One broadcast's life, its hosts, and what listeners read of it. What changes is stored before it is seen. Each step of the
 * life is one method: start, open, end, and those that the clock leads to: going live, closing, and beginning anew. What a
 * show does by itself (lifecycle.ts, nextStep) is done by the clock while it runs, and by the object's alarm else.
 */
export class Show {
  readonly publishers: Publishers;
  /** What happens at the show is told by it. */
  readonly chronicle: Chronicle;
  readonly cast: Cast;
  readonly holding: Holding;
  readonly recording: Recording;
  readonly #deps: Dependencies;
  readonly #reads: Reads;
  readonly #originReads: OriginReads;
  readonly #succession: Succession;
  readonly #agenda: Agenda;
  readonly #presence = new Presence(Date.now());
  #life: Life;

  /**
   * Takes up a show as the store has it: the one rule for a new show, a restarted object and one that slept. Its timeline
   * stands until {@link start}.
   */
  constructor(row: ShowRow, deps: Dependencies) {
    const { store, bucket, setAlarm } = deps;
    this.#deps = deps;
    this.#reads = new Reads(store, deps.lifeboatUrl);
    this.#originReads = new OriginReads(store);
    this.publishers = new Publishers(deps, row.id, Date.now(), (hostId) => this.cast.of(hostId)?.name ?? "");
    this.cast = new Cast(store, () => this.#life.row);
    const outbox = new Outbox(store);
    this.#succession = new Succession(store, this.#originReads, outbox);
    const [life, arrange] = [() => this.#life, () => this.#agenda.arrange(this.#life)];
    this.recording = new Recording(bucket, row.id, outbox, lifeboatOf(deps, outbox, life));
    this.#agenda = new Agenda(this.#presence, this.recording, () => this.chronicle.webhook.dueAt, setAlarm);
    const init = store.init();
    if (row.timeline !== null && init !== null) outbox.turnTo(row.timeline.epoch, init);
    this.#life = lifeOf(row, store);
    this.chronicle = new Chronicle(deps, row, life, arrange, this.publishers.talks);
    this.holding = new Holding(deps, life, (turned) => this.#turnInto(turned));
    deps.notice.tell(row);
  }

  /** Lets a timeline go on that stands. Where that can not be, it is tried again later. */
  start(): void {
    const life = this.#life;
    if (life.kind !== "standing") return;
    try {
      this.#run(this.#succession.takeUp(life));
    } catch (error) {
      console.error(`${life.row.id} can not be begun, and is tried again: ${String(error)}`);
      this.#agenda.arrangeFor(Date.now());
    }
  }

  /** Opens, closes or ends the show where it does so by itself, and the time has come. */
  doWhatIsDue(): void {
    this.chronicle.send();
    const step = this.#agenda.next(this.#life);
    if (step === null || Date.now() < step.at) return;
    if (step.kind === "open") this.open();
    else if (step.kind === "end") this.#deps.waitUntil(this.end());
    else if (step.kind === "late") this.#turnInto(withRow(this.#life, sayLate));
    else if (this.#life.kind === "running") this.#close(this.#life);
  }

  /** Opens the doors: the timeline runs from now on. */
  open(): void {
    const life = this.#life;
    if (life.kind !== "announced") return;
    this.#originReads.clear();
    this.#presence.attended(Date.now());
    const timeline = timelineOf(life.row, this.#deps.store, Date.now());
    this.#turnInto({ kind: "standing", row: open(life.row, timeline) });
    this.start();
  }

  /** Ends the show: the list first, then the hosts. */
  async end(): Promise<void> {
    const life = this.#life;
    if (life.kind === "ended") return;
    this.chronicle.clear();
    const row = end(life.kind === "announced" ? life.row : this.#succession.finish(life), Date.now());
    this.#turnInto(lifeOf(row, this.#deps.store));
    this.#originReads.keep();
    this.#reads.end();
    this.publishers.dropAll("the show has ended");
    await this.settle();
  }

  /** Says other things of the show. Why it can not be so; null: it is. */
  change(changes: Changes): Problem | null {
    const life = withRow(this.#life, (row) => change(row, changes));
    const problem = unfit(life.row, changes, Date.now());
    if (problem !== null) return problem;
    this.#turnInto(life);
    this.holding.changed();
    this.doWhatIsDue();
    this.#agenda.arrange(this.#life);
    return null;
  }

  get life(): Life {
    return this.#life;
  }

  /** A host's key. */
  keyOf(host: HostKey): Promise<string> {
    return hostKey(this.#deps.secret, this.#life.row.id, host);
  }

  /** Replaces a host's key. Who publishes by the one there was is cut off, and may publish again by the new one. */
  rotateKey(hostId = FIRST_HOST): void {
    if (hostId === FIRST_HOST) this.#turnInto(withRow(this.#life, rotateKey));
    else this.cast.rotate(hostId);
    this.publishers.dropAll("the host key has been replaced", hostId);
  }

  /** @param origin where the asker reached us; absolute URLs begin with it */
  async describe(origin: string): Promise<Description> {
    const [{ counts: originReads }, { failures: recordingFailures }] = [this.#originReads, this.recording];
    const known = { originReads, recordingFailures, warnings: this.chronicle.warnings };
    return describe(this.#life, this, known, { origin, hostKey: await this.keyOf(this.cast.first) });
  }

  /** A host is about to come: the doors must not close while the SFU is asked about it. */
  expect(): void {
    this.#presence.attended(Date.now());
  }

  /** A host's offer was taken: the doors open with the first, and the SFU is to dial. */
  welcome(session: string): void {
    this.open();
    this.#rouse();
    this.cast.applyTo(pipelineOf(this.#life), this.publishers.all);
    this.#deps.waitUntil(this.publishers.attach(session));
  }

  /** Takes one message of a host's socket. */
  hear(session: string, message: Uint8Array): void {
    const wall = Date.now();
    this.publishers.hear(session, wall);
    this.#rouse();
    if (this.#life.kind === "running") this.#life.clock.hear(session, message, wall);
  }

  /**
   * A listener's read, with the reads that Origin has answered and not told of yet, this one included. What is read after
   * the end is counted too, and stored as it comes.
   */
  read(target: Exclude<Target, { kind: "audience" }>, answered: Counts): Promise<Read> | Read {
    const wall = Date.now();
    this.#originReads.add(answered);
    if (this.#life.kind === "ended") this.#originReads.keepNowAndThen(wall);
    if (target.kind === "status")
      return this.#reads.say(target, () => publicStatus(this.#life, this, this.#deps.store.log.newest));
    if (target.kind === "events") return { kind: "events", events: this.chronicle.publicEvents };
    this.#presence.read(target, this.#life.row.timeline?.epoch ?? null, wall);
    // Each player begins with it, and nobody else asks for it.
    if (target.kind === "multivariant" && this.#life.row.autoOpen) this.open();
    this.#rouse();
    const now = this.#life.kind === "running" ? this.#life.clock.read(wall) : wall;
    return this.#reads.read(target, () => publishedOf(this.#life), now);
  }

  /** Gets what is still to be kept to R2, and sees to it that what could not be is tried again later. */
  async settle(): Promise<void> {
    await this.recording.settle();
    this.#agenda.arrange(this.#life);
  }

  /** Drives a timeline from now on. */
  #run({ row, timeline }: Resumption): void {
    const clock = new Clock(timeline, {
      listed: (now) => {
        this.#reads.wake(timeline.window, now);
        // After parts that close no segment too: that is when what R2 did not take is tried again.
        this.#deps.waitUntil(this.recording.run());
      },
      doChores: (now) => this.#doChores(now),
      restsUntil: (wall) =>
        this.publishers.sessions.length === 0 ? this.#agenda.restsUntil(this.#life, wall) : null,
      mayPassOver: () => this.#life.row.state === "open" && !this.recording.owes && !this.#reads.areRewound,
      holdWish: (wall) => this.holding.wish(this.#presence, this.publishers.all, wall),
      rests: (until) => this.#agenda.arrangeFor(until),
      replace: (why) => this.#replace(why),
      fail: (error) => {
        console.error(`The timeline of ${row.id} failed and is resumed: ${String(error)}`);
        this.#deps.restart("The timeline failed.");
      },
    });
    const before = this.#life.row;
    this.#life = { kind: "running", row, timeline, clock };
    this.holding.driveIn(timeline);
    this.chronicle.runs(before, row);
    this.cast.applyTo(timeline.pipeline, this.publishers.all);
    this.#deps.notice.tell(row);
    clock.start();
  }

  /** Begins a timeline that can not be gone on with anew; `why` is the end of a sentence. */
  #replace(why: string): void {
    const { row, clock } = this.#running;
    const wall = Date.now();
    const next = this.#succession.replace(row, wall, why);
    clock.abandon();
    this.#presence.attended(wall);
    this.#reads.abandon();
    this.#run(next);
  }

  #doChores(now: number): void {
    const life = this.#running;
    const { pipeline, window, hold } = life.timeline;
    const { sessions } = this.publishers;
    pipeline.retain(sessions);
    this.#reads.wake(window, now);
    const wall = Date.now();
    const heard = this.publishers.all.filter(({ session }) => pipeline.isHeard(session));
    const live = heard.length > 0 ? goLive(life.row) : life.row;
    if (live !== life.row) life.timeline.goLive(CHORES_MS);
    const row = this.holding.stateOf(withHosts(live, sessions.length > 0, wall), hold);
    if (row !== life.row) this.#turnInto({ ...life, row });
    this.chronicle.hear(this.cast.hostsOf(heard), wall);
    this.chronicle.warn(pipeline.guard.attend(attendantsOf(this), row.duckSqueal));
    if (sessions.length > 0 || this.#reads.areHeld) this.#presence.attended(wall);
    this.doWhatIsDue();
    if (this.#life.kind !== "running") return;
    this.#deps.waitUntil(this.publishers.sweep(wall));
    this.#originReads.keepNowAndThen(wall);
    this.#agenda.renew(wall);
  }

  /** Closes the doors on a show that nobody attends, until the next host: nothing of it runs then, or costs anything. */
  #close(life: Running): void {
    console.log(`The doors of ${life.row.id} close: nobody was there for ${life.row.idleMinutes} minutes.`);
    const row = this.#succession.setAside(life);
    this.#turnInto({ kind: "announced", row: close(row, Date.now()) });
    this.#reads.abandon();
    this.#deps.waitUntil(this.settle());
  }

  /** Somebody is there: all that is due is made. A timeline that stood still for too long may be another then. */
  #rouse(): void {
    if (this.#life.kind === "running") this.#life.clock.rouse();
  }

  /** Throws where no timeline runs. Only a clock asks for it, which drives one. */
  get #running(): Running {
    if (this.#life.kind !== "running") throw new Error("no timeline runs");
    return this.#life;
  }

  /** The show is another from now on: in its store first. */
  #turnInto(life: Life): void {
    const before = this.#life.row;
    this.#deps.store.putShow(life.row);
    this.#life = life;
    this.chronicle.turned(before, life.row);
    this.#deps.notice.tell(life.row);
  }
}
