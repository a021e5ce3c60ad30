import type { Secret } from "../access/secret.ts";
import type { Report } from "../audience/audience.ts";
import { networkUnder, placeOf } from "../audience/cap.ts";
import { type Answer, firstMs, retryMs } from "../audience/pace.ts";
import { type SipKey, sipKey } from "../audience/siphash.ts";
import { type Entry, ISOLATE_LIMITS, Slots } from "../audience/slots.ts";
import { Takes } from "../audience/takes.ts";

/** Where reports go: the Audience objects by name. */
export interface Shards {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): { report(report: Report): Promise<Answer>; forget(): Promise<void> };
}

/** Keeps the runtime working on a promise after the request has gone (`waitUntil`). */
type Keep = (work: Promise<unknown>) => void;

/** Media that went out to a listener. */
export interface Delivery {
  /** A number of the media's own in its show. */
  readonly name: number;
  /** The whole's playing time, milliseconds. */
  readonly mediaMs: number;
  /** How much of the whole was sent, 0 to 1. */
  readonly share: number;
  readonly address: string;
}

/** Shows whose hash keys are kept; the least recently made is forgotten first. */
const MAX_KEYS = 1_000;

/**
 * Who listens, as this isolate sees it: every request for a live playlist is a sighting, every part and segment is media
 * delivered. Both are reported to the shows' Audience shards, driven by the requests themselves, no sooner than the last
 * answer allowed. No address and no id is kept: only seats in a sketch, under a key of the show's own.
 */
export class Sightings {
  readonly #slots = new Slots(ISOLATE_LIMITS);
  readonly #takes = new Takes();
  readonly #keys = new Map<string, SipKey>();
  /** Made with the first report: the platform has no randomness before the first request. */
  #self: { readonly reporter: string; readonly place: number } | null = null;
  readonly #schedules = new Map<string, Schedule>();

  /** A listener asked for the live playlist of `show`. `listener` is the id in the URL, or what else tells it apart. */
  see(show: string, listener: string, address: string, secret: Secret, keep: Keep): void {
    this.#withKey(show, secret, keep, (key) => {
      const now = Date.now();
      const place = placeOf(key, address, listener);
      this.#slots.see(show, now, place);
      this.#takes.see(place.network, place.seat, now);
    });
  }

  /** Media of `show` went out. What one listener takes twice counts once (takes.ts). */
  deliver(show: string, { name, mediaMs, share, address }: Delivery, secret: Secret, keep: Keep): void {
    this.#withKey(show, secret, keep, (key) => {
      const now = Date.now();
      const counted = this.#takes.take(networkUnder(key, address), name, share, now);
      if (counted > 0) this.#slots.deliver(show, now, counted * mediaMs);
    });
  }

  /** Reports what is due of `show`; called with every request, does nothing most of the time. */
  report(show: string, shards: Shards, shardsPerShow: number, keep: Keep): void {
    const now = Date.now();
    let schedule = this.#schedules.get(show);
    if (schedule === undefined) {
      schedule = { dueAt: now + firstMs(Math.random()), previous: null };
      this.#schedules.set(show, schedule);
      const oldest = this.#schedules.size > MAX_KEYS ? this.#schedules.keys().next().value : undefined;
      if (oldest !== undefined) this.#schedules.delete(oldest);
    }
    if (now < schedule.dueAt) return;
    // Due again only after an answer, or after the time that a lost one is given.
    schedule.dueAt = now + retryMs(schedule.previous ?? undefined);
    keep(this.#send(show, schedule, shards, shardsPerShow));
  }

  async #send(show: string, schedule: Schedule, shards: Shards, shardsPerShow: number): Promise<void> {
    // One shard of the show's, the same for as long as this isolate lives: it would be counted twice on two.
    this.#self ??= { reporter: crypto.randomUUID(), place: Math.random() };
    const isSharded = shardsPerShow > 1;
    const name = isSharded ? `${show}/${Math.floor(this.#self.place * shardsPerShow)}` : show;
    const entries: Entry[] = this.#slots.report(show, Date.now(), name);
    if (entries.length === 0) return;
    const report: Report = {
      reporter: this.#self.reporter,
      entries,
      previous: schedule.previous,
      up: isSharded ? show : null,
      paceMs: 0,
    };
    try {
      const answer = await shards.get(shards.idFromName(name)).report(report);
      schedule.previous = answer;
      schedule.dueAt = Date.now() + answer.afterMs;
      this.#slots.acknowledge(entries, answer.boot);
    } catch (error) {
      // What was not acknowledged is in the next report.
      console.warn(`An audience report of ${show} was lost: ${String(error)}`);
    }
  }

  /** Calls `then` with the show's key: at once, where it has been made. */
  #withKey(show: string, secret: Secret, keep: Keep, then: (key: SipKey) => void): void {
    const key = this.#keys.get(show);
    if (key !== undefined) then(key);
    else keep(this.#makeKey(show, secret).then(then));
  }

  async #makeKey(show: string, secret: Secret): Promise<SipKey> {
    const key = sipKey(await secret.sign("audience", show));
    this.#keys.set(show, key);
    const oldest = this.#keys.size > MAX_KEYS ? this.#keys.keys().next().value : undefined;
    if (oldest !== undefined) this.#keys.delete(oldest);
    return key;
  }
}

interface Schedule {
  dueAt: number;
  previous: Answer | null;
}
