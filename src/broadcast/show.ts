import { FIRST_HOST, type HostKey, hostKey } from "../access/keys.ts";
import type { Changes, Description } from "../broadcast-api.ts";
import type { Problem } from "../problem.ts";
import { Agenda } from "./agenda.ts";
import { guardHosts } from "./attendants.ts";
import { Cast } from "./cast.ts";
import { Chronicle } from "./chronicle.ts";
import { CHORES_MS, Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import type { Dependencies } from "./dependencies.ts";
import { describe, publicStatus } from "./description.ts";
import { farewellOf } from "./farewell.ts";
import { HoldControl } from "./hold-control.ts";
import { type Life, lifeOf, pipelineOf, publishedOf, type Running, withRow } from "./life.ts";
import { lifeboatOf } from "./lifeboat.ts";
import * as steps from "./lifecycle.ts";
import { OriginReads } from "./origin-reads.ts";
import { outboxOf } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { Publishers } from "./publishers.ts";
import { type Read, type Readable, Reads } from "./reads.ts";
import { Recording } from "./recording.ts";
import { newTimelineRow, type Resumption } from "./resumption.ts";
import type { ShowRow } from "./show-row.ts";
import { Succession } from "./succession.ts";

/**
 * One broadcast's life, its hosts, and what listeners read of it. Every change is stored before anybody sees it. Each step of
 * the life is one method: start, open, end, and those that the clock leads to: going live, closing, and replacing the
 * timeline. The steps that a show takes by itself (lifecycle.ts, nextStep) are taken by the clock while it runs, else by the
 * object's alarm.
 */
export class Show {
  readonly publishers: Publishers;
  /** Tells what happens at the show. */
  readonly chronicle: Chronicle;
  readonly cast: Cast;
  readonly holdControl: HoldControl;
  readonly presence = new Presence(Date.now());
  readonly #recording: Recording;
  readonly #deps: Dependencies;
  readonly #reads: Reads;
  readonly #originReads: OriginReads;
  readonly #succession: Succession;
  readonly #agenda: Agenda;
  #life: Life;

  /**
   * Takes up a show from its stored row. The same rule serves a new show, a restarted object and an object that slept. The
   * timeline is standing until {@link start}.
   */
  constructor(row: ShowRow, deps: Dependencies) {
    const { store, bucket, setAlarm } = deps;
    this.#deps = deps;
    this.#reads = new Reads(store, deps.lifeboatUrl);
    this.#originReads = new OriginReads(store);
    this.publishers = new Publishers(deps, row.id, Date.now(), (hostId) => this.cast.of(hostId)?.name ?? "");
    this.cast = new Cast(store, () => this.#life.row);
    const outbox = outboxOf(row, store);
    this.#succession = new Succession(store, this.#originReads, outbox);
    const [life, arrange] = [() => this.#life, () => this.#agenda.arrange(this.#life.row)];
    this.#recording = new Recording(bucket, row.id, outbox, lifeboatOf(deps, outbox, life));
    this.#agenda = new Agenda(this.presence, this.#recording, () => this.chronicle.webhook.dueAt, setAlarm);
    this.#life = lifeOf(row, store);
    this.chronicle = new Chronicle(deps, row, life, arrange);
    this.holdControl = new HoldControl({ ...deps, life, turnInto: (turned) => this.#turnInto(turned) });
    deps.notice.tell(row);
  }

  /** Resumes a standing timeline. If that fails, it is tried again later. */
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

  /** Sends webhook events that are due. Takes the step that the show takes by itself next, if its time has come. */
  doWhatIsDue(): void {
    this.chronicle.send();
    const step = this.#agenda.next(this.#life.row);
    if (step === null || Date.now() < step.at) return;
    if (step.kind === "open") this.open();
    else if (step.kind === "end") this.#deps.waitUntil(this.end());
    else if (step.kind === "late") this.#turnInto(withRow(this.#life, steps.sayLate));
    else if (this.#life.kind === "running") this.#close(this.#life);
  }

  /** Opens the doors: from then on the timeline runs. */
  open(): void {
    const life = this.#life;
    if (life.kind !== "announced") return;
    this.#originReads.clear();
    this.presence.attended(Date.now());
    const timeline = newTimelineRow(life.row, this.#deps.store, Date.now());
    this.#turnInto({ kind: "standing", row: steps.open(life.row, timeline) });
    this.start();
  }

  /** Ends the show: at once, or where there is a farewell, once it has been spoken. */
  async end(): Promise<void> {
    const [life, wall] = [this.#life, Date.now()];
    const row = life.kind === "running" ? farewellOf(life.row, !this.presence.isQuiet(wall), wall) : null;
    if (life.kind !== "running" || row === null) return this.endAtOnce();
    this.#turnInto({ ...life, row });
    this.publishers.dropAll("the show has ended");
    this.#agenda.arrange(row);
  }

  /** Ends the show at once: the list first, then the hosts' sessions. */
  async endAtOnce(): Promise<void> {
    const life = this.#life;
    if (life.kind === "ended") return;
    this.chronicle.clear();
    const row = steps.end(life.kind === "announced" ? life.row : this.#succession.finish(life), Date.now());
    this.#turnInto(lifeOf(row, this.#deps.store));
    this.#originReads.store();
    this.#reads.end();
    this.publishers.dropAll("the show has ended");
    await this.settle();
  }

  /** Changes details of the show. Returns why that cannot be; null: done. */
  change(changes: Changes): Problem | null {
    const life = withRow(this.#life, (row) => steps.change(row, changes));
    const problem = steps.unfit(life.row, changes, Date.now(), this.#life.row);
    if (problem !== null) return problem;
    this.#turnInto(life);
    this.holdControl.changed();
    this.doWhatIsDue();
    this.#agenda.arrange(this.#life.row);
    return null;
  }

  get life(): Life {
    return this.#life;
  }

  /** Returns a host's key. */
  keyOf(host: HostKey): Promise<string> {
    return hostKey(this.#deps.secret, this.#life.row.id, host);
  }

  /** Replaces a host's key. A publisher with the previous key is cut off, and may publish again with the new one. */
  rotateKey(hostId = FIRST_HOST): void {
    if (hostId === FIRST_HOST) this.#turnInto(withRow(this.#life, steps.rotateKey));
    else this.cast.rotate(hostId);
    this.publishers.dropAll("the host key has been replaced", hostId);
  }

  /** @param origin the origin of the caller's request; absolute URLs begin with it */
  async describe(origin: string): Promise<Description> {
    const [{ counts: originReads }, { failures: recordingFailures }] = [this.#originReads, this.#recording];
    const known = { originReads, recordingFailures, warnings: this.chronicle.warnings };
    return describe(this.#life, this, known, { origin, hostKey: await this.keyOf(this.cast.first) });
  }

  /** Handles a host whose offer was taken: opens the doors, if they are closed, and has the SFU dial. */
  welcome(session: string): void {
    this.open();
    this.rouse();
    this.cast.applyTo(pipelineOf(this.#life), this.publishers.all);
    this.#deps.waitUntil(this.publishers.attach(session));
  }

  /** Takes one message from a host's socket. */
  hear(session: string, message: Uint8Array): void {
    const wall = Date.now();
    this.publishers.hear(session, wall);
    this.rouse();
    if (this.#life.kind === "running") this.#life.clock.hear(session, message, wall);
  }

  /**
   * Answers a listener's read. `answered`: the reads that Origin has answered but not reported yet, this one included. Reads
   * after the end are counted too; a read stores the counts then, at most every 10 s.
   */
  read(target: Readable, answered: Counts): Promise<Read> | Read {
    const wall = Date.now();
    this.#originReads.add(answered);
    if (this.#life.kind === "ended") this.#originReads.storeAtIntervals(wall);
    if (target.kind === "status")
      return this.#reads.status(target, () => publicStatus(this.#life, this, this.#deps.store.log.newest));
    if (target.kind === "events") return { kind: "events", events: this.chronicle.publicEvents };
    this.presence.read(target, this.#life.row.timeline?.epoch ?? null, wall);
    // Each player begins with the multivariant playlist.
    if (target.kind === "multivariant" && target.opens !== false && this.#life.row.autoOpen) this.open();
    this.rouse();
    const now = this.#life.kind === "running" ? this.#life.clock.read(wall) : wall;
    return this.#reads.read(target, () => publishedOf(this.#life), now);
  }

  /** Puts what R2 is owed, and arranges the alarm for what could not be put. */
  async settle(): Promise<void> {
    await this.#recording.putAllAndLists();
    this.#agenda.arrange(this.#life.row);
  }

  /** Starts the clock of a timeline, and makes the show's state running. */
  #run({ row, timeline }: Resumption): void {
    const clock = new Clock(timeline, {
      listed: (now) => {
        this.#reads.wake(timeline, now);
        // Also after parts that close no segment: that is when failed puts are tried again.
        this.#deps.waitUntil(this.#recording.putAll());
      },
      doChores: (now) => this.#doChores(now),
      restsUntil: (wall) => this.#agenda.restsUntil(this, wall),
      mayPassOver: () =>
        this.#life.row.state === "open" && !this.#recording.owes && !this.#reads.isRewindListInUse,
      holdWish: (wall) => this.holdControl.wish(this.presence, this, wall),
      rests: (until) => this.#agenda.arrangeFor(until),
      replace: (why) => this.#replace(why),
      fail: (error) => {
        console.error(`The timeline of ${row.id} failed and is resumed: ${String(error)}`);
        this.#deps.restart("The timeline failed.");
      },
    });
    const before = this.#life.row;
    this.#life = { kind: "running", row, timeline, clock };
    this.holdControl.applyTo(timeline);
    this.chronicle.timelineStarted(before, row);
    this.cast.applyTo(timeline.pipeline, this.publishers.all);
    this.#deps.notice.tell(row);
    clock.start();
  }

  /** Replaces a timeline that cannot go on; `why` is the end of a sentence. */
  #replace(why: string): void {
    const { row, clock } = this.#running;
    const wall = Date.now();
    const next = this.#succession.replace(row, wall, why);
    clock.abandon();
    this.presence.attended(wall);
    this.#reads.abandon();
    this.#run(next);
  }

  #doChores(now: number): void {
    const life = this.#running;
    const { pipeline, hold } = life.timeline;
    const { all, sessions } = this.publishers;
    pipeline.retain(sessions);
    this.#reads.wake(life.timeline, now);
    const wall = Date.now();
    const heard = all.filter(({ session }) => pipeline.isHeard(session));
    const live = all.some(({ session }) => pipeline.isInMix(session)) ? steps.goLive(life.row) : life.row;
    if (live !== life.row) life.timeline.goLive(CHORES_MS);
    const row = this.holdControl.stateOf(steps.withHosts(live, this.presence.hosted(all, wall)), hold);
    if (row !== life.row) this.#turnInto({ ...life, row });
    this.chronicle.hear(this.cast.hostsOf(heard), wall);
    guardHosts(this, pipeline.guard, row.duckSqueal);
    if (this.#reads.areHeld) this.presence.attended(wall);
    this.doWhatIsDue();
    if (this.#life.kind !== "running") return;
    this.#deps.waitUntil(this.publishers.sweep(wall));
    this.#originReads.storeAtIntervals(wall);
    this.#agenda.renew(wall);
  }

  /** Closes the doors of a show while nobody is there. Until they are opened again, nothing of it runs or costs anything. */
  #close(life: Running): void {
    console.log(`The doors of ${life.row.id} close: nobody was there for ${life.row.idleMinutes} minutes.`);
    const row = this.#succession.setAside(life);
    this.#turnInto({ kind: "announced", row: steps.close(row, Date.now()) });
    this.#reads.abandon();
    this.publishers.dropAll("the doors have closed");
    this.#deps.waitUntil(this.settle());
  }

  /** Has all media made that is due, since somebody is there. This may replace a timeline that stood still for too long. */
  rouse(): void {
    if (this.#life.kind === "running") this.#life.clock.rouse();
  }

  /** The running state. Throws if no timeline runs; only calls from a timeline's clock use it. */
  get #running(): Running {
    if (this.#life.kind !== "running") throw new Error("no timeline runs");
    return this.#life;
  }

  /** Changes the show's state: in the store first, then here, then for all who are told of it. */
  #turnInto(life: Life): void {
    const before = this.#life.row;
    this.#deps.store.putShow(life.row);
    this.#life = life;
    this.chronicle.rowChanged(before, life.row);
    this.#deps.notice.tell(life.row);
  }
}
