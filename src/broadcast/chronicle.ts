import type { RaisedWarning } from "../broadcast-api.ts";
import { type Event, type Note, type PublicEvents, publicOf } from "../events.ts";
import { listedEnd } from "../hls/window.ts";
import { toMillis } from "../media.ts";
import type { ChapterMarks } from "./chapter-marks.ts";
import { dateRangeOf } from "./date-ranges.ts";
import { Followers } from "./followers.ts";
import type { Life } from "./life.ts";
import type { Log } from "./log.ts";
import { type Heard, OnAir } from "./on-air.ts";
import type { ShowRow } from "./show-row.ts";
import type { Store } from "./store.ts";
import { type WarningNote, Warnings } from "./warnings.ts";
import { Webhook } from "./webhook.ts";

/** How many of the newest public events anybody can read. */
const MOST_PUBLIC = 100;

/**
 * Records what happens at a show and passes it on: to the log first, then to the playlist, then to followers and the webhook.
 */
export class Chronicle {
  readonly #log: Log;
  readonly #chapterMarks: ChapterMarks;
  readonly #life: () => Life;
  /** Operators who follow the log. */
  readonly followers: Followers;
  readonly webhook: Webhook;
  readonly #onAir: OnAir;
  readonly #warnings: Warnings;
  readonly #waitUntil: (work: Promise<void>) => void;

  /**
   * @param show the row of the show, which the webhook's messages name
   * @param life returns the show's life at the time of an event
   * @param arrange called when the webhook may be due at another time
   */
  constructor(
    { store, waitUntil }: { readonly store: Store; readonly waitUntil: (work: Promise<void>) => void },
    show: ShowRow,
    life: () => Life,
    arrange: () => void,
  ) {
    this.#log = store.log;
    this.#chapterMarks = store.chapterMarks;
    this.#life = life;
    this.#waitUntil = waitUntil;
    this.followers = new Followers(store.log);
    this.webhook = new Webhook(store, show, arrange);
    this.#onAir = new OnAir(store.log.ofHosts(), Date.now());
    this.#warnings = new Warnings(store.log.ofWarnings().filter((event) => "raised" in event));
  }

  /**
   * Records an event and passes it on.
   *
   * @param since when it happened, by the show's time; now if null, or if no timeline runs
   */
  note(note: Note, since: number | null = null): Event {
    const life = this.#life();
    const wall = Date.now();
    if (life.kind !== "running") return this.#told(this.#log.add(note, wall, null));
    const { timeline, clock } = life;
    const { epoch } = timeline.window;
    const listed = listedEnd(timeline.window);
    const event = this.#log.add(note, since ?? clock.read(wall), { epoch, listed });
    this.#chapterMarks.note(event, { epoch, title: life.row.title });
    const range = dateRangeOf(event, listed);
    if (range !== null) timeline.addDateRange(range);
    return this.#told(event);
  }

  /** Records the events by which a show's row came to change. */
  rowChanged(before: ShowRow, after: ShowRow): void {
    const { held, timeline } = after;
    const heldSince = held && timeline && timeline.startedAt + toMillis(held.from);
    for (const note of notesOf(before, after)) this.note(note, note.kind === "hold-on" ? heldSince : null);
  }

  /** Takes the hosts heard at `wall`, one for each session: a host may have several. Null: a host that has been revoked. */
  hear(heard: readonly (Heard | null)[], wall: number): void {
    for (const note of this.#onAir.hear(
      heard.filter((host) => host !== null),
      wall,
    ))
      this.note(note);
  }

  /** Whether a host counts as on the air: {@link hear} has not yet recorded that the host is off. */
  get hasHosts(): boolean {
    return !this.#onAir.isEmpty;
  }

  /** Takes what the guard has raised and cleared, and records what is new of it. */
  warn(notes: readonly WarningNote[]): void {
    for (const note of notes) if (this.#warnings.take(note)) this.note(note);
  }

  /** The warnings that are raised at this moment. */
  get warnings(): readonly RaisedWarning[] {
    return this.#warnings.all;
  }

  /**
   * A timeline has begun or resumed. Its new guard knows no warning: all are cleared, and it raises again what is still wrong.
   */
  timelineStarted(before: ShowRow, after: ShowRow): void {
    this.rowChanged(before, after);
    this.warn(this.#warnings.cleared);
  }

  /** The show is over: clears all warnings, and records that its hosts are off. */
  clear(): void {
    this.warn(this.#warnings.cleared);
    for (const note of this.#onAir.clear()) this.note(note);
  }

  /** Starts the webhook if an event for it is due. */
  send(): void {
    const { dueAt } = this.webhook;
    if (dueAt !== null && dueAt <= Date.now()) this.#waitUntil(this.webhook.run());
  }

  /** The show is deleted: drops the webhook without storing anything, and lets waiting followers go. */
  abandon(): void {
    this.webhook.abandon();
    this.followers.tell();
  }

  /** The newest events that anybody may read. */
  get publicEvents(): PublicEvents {
    return { id: this.#life().row.id, events: this.#log.newestPublic(MOST_PUBLIC).map(publicOf) };
  }

  #told(event: Event): Event {
    this.followers.tell();
    this.send();
    return event;
  }
}

/** Returns the events by which a show's row `before` has become `after`. */
export function notesOf(before: ShowRow, after: ShowRow): Note[] {
  const notes: Note[] = [];
  if (before.title !== after.title) notes.push({ kind: "title", title: after.title });
  if (after.timeline !== null && after.timeline.epoch !== before.timeline?.epoch)
    notes.push({ kind: "opened" });
  // With a new epoch a different `lateFor` says nothing: `beginAnew` sets it too, for a show that was live.
  else if (before.lateFor !== after.lateFor) notes.push({ kind: "late" });
  if (after.held?.isOn === true && (before.held?.isOn !== true || before.held.from !== after.held.from))
    notes.push({ kind: "hold-on" });
  if (before.held?.isOn === true && after.held?.isOn !== true) notes.push({ kind: "hold-off" });
  if (before.state !== after.state) {
    if (after.state === "live" || after.state === "ended") notes.push({ kind: after.state });
    if (after.state === "announced") notes.push({ kind: "closed" });
  }
  return notes;
}
