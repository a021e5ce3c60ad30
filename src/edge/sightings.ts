import type { Secret } from "../access/secret.ts";
import { networkUnder, seatingOf } from "../audience/cap.ts";
import { DeliveryLimiter } from "../audience/delivery-limiter.ts";
import { moreThan } from "../audience/growth.ts";
import { firstMs, retryMs } from "../audience/pace.ts";
import type { Report, ShardAnswer } from "../audience/shard.ts";
import { type SipKey, sipKey } from "../audience/siphash.ts";
import { ISOLATE_LIMITS, type SlotReport, Slots } from "../audience/slots.ts";
import { Bounded } from "../bounded.ts";
import type { WaitUntil } from "./memory.ts";

/** The Audience objects by name, to which isolates report. */
export interface Shards {
  idFromName(name: string): DurableObjectId;
  get(id: DurableObjectId): { report(report: Report): Promise<ShardAnswer>; forget(): Promise<void> };
}

/** Media that was sent to a listener. */
export interface SentMedia {
  /** The numbers within its show under which it may count: the first of them that its network has not used up. */
  readonly names: readonly number[];
  /** The playing time of the whole part or segment, ms. */
  readonly mediaMs: number;
  /** How much of it was sent, 0 to 1. */
  readonly share: number;
  readonly address: string;
}

/** How many shows' hash keys and schedules are kept. */
const MAX_SHOWS = 1_000;

/**
 * Who listens, as this isolate sees it: every request for a live playlist is a sighting, every part and segment is delivered
 * media. The isolate reports both to the show's Audience shards. Requests trigger the reports, no sooner than the shard's last
 * answer allowed. The isolate keeps no address and no id: only seats in a sketch, hashed with a key of the show.
 */
export class Sightings {
  readonly #slots = new Slots(ISOLATE_LIMITS);
  readonly #limiter = new DeliveryLimiter();
  readonly #keys = new Bounded<string, SipKey>(MAX_SHOWS);
  /** This isolate's name and place (0 to 1). Made with the first report: the platform has no random numbers outside a request. */
  #self: { readonly reporter: string; readonly place: number } | null = null;
  readonly #schedules = new Bounded<string, Schedule>(MAX_SHOWS);

  /** Notes a request for the live playlist of `show`. `listener` is the id in the URL, or what identifies it otherwise. */
  see(show: string, listener: string, address: string, secret: Secret, waitUntil: WaitUntil): void {
    this.#withKey(show, secret, waitUntil, (key) => {
      const now = Date.now();
      const seating = seatingOf(key, address, listener);
      this.#slots.see(show, now, seating);
      this.#limiter.see(seating.network, seating.seat, now);
    });
  }

  /** Notes that media of `show` was sent. The same media sent to one listener twice counts once (delivery-limiter.ts). */
  deliver(
    show: string,
    { names, mediaMs, share, address }: SentMedia,
    secret: Secret,
    waitUntil: WaitUntil,
  ): void {
    this.#withKey(show, secret, waitUntil, (key) => {
      const now = Date.now();
      const network = networkUnder(key, address);
      let left = share;
      for (const name of names) if (left > 0) left -= this.#limiter.take(network, name, left, now);
      if (left < share) this.#slots.deliver(show, now, (share - left) * mediaMs);
    });
  }

  /** Sends the reports of `show` that are due. It is called for every request; most of the time no report is due. */
  report(show: string, shards: Shards, waitUntil: WaitUntil): void {
    const now = Date.now();
    let schedule = this.#schedules.get(show);
    if (schedule === undefined) {
      schedule = { dueAt: now + firstMs(Math.random()), shards: 1, answers: new Map() };
      this.#schedules.set(show, schedule);
    }
    if (now < schedule.dueAt) return;
    // An isolate keeps its place among the shards: it reports to another shard only when their number changes.
    this.#self ??= { reporter: crypto.randomUUID(), place: Math.random() };
    const { place } = this.#self;
    const current = schedule.shards === 1 ? show : `${show}/${Math.floor(place * schedule.shards)}`;
    // The answer to this report says when the next is due. Until it comes, that is when the answer is taken for lost.
    schedule.dueAt = now + retryMs(schedule.answers.get(current) ?? null);
    const byShard = Map.groupBy(this.#slots.report(show, now, current), ({ shard }) => shard);
    for (const shard of schedule.answers.keys()) {
      if (shard !== current && !byShard.has(shard)) schedule.answers.delete(shard);
    }
    for (const [shard, reports] of byShard)
      waitUntil(this.#send(show, { shard, current, entries: reports }, schedule, shards));
  }

  async #send(
    show: string,
    { shard, current, entries: reports }: { shard: string; current: string; entries: readonly SlotReport[] },
    schedule: Schedule,
    shards: Shards,
  ): Promise<void> {
    const report: Report = {
      reporter: this.#self?.reporter ?? "",
      entries: reports,
      previous: schedule.answers.get(shard) ?? null,
      up: shard === show ? null : show,
      below: null,
    };
    try {
      const answer = await shards.get(shards.idFromName(shard)).report(report);
      schedule.answers.set(shard, answer);
      this.#slots.acknowledge(reports, answer.boot);
      if (shard !== current) return;
      schedule.shards = answer.shards ?? schedule.shards;
      schedule.dueAt = Date.now() + answer.afterMs;
    } catch (error) {
      // Entries that were not acknowledged go into the next report. A shard that has never answered may have too many isolates.
      if (shard === current && !schedule.answers.has(shard)) schedule.shards = moreThan(schedule.shards);
      console.warn(`An audience report of ${show} was lost: ${String(error)}`);
    }
  }

  /** Calls `then` with the show's hash key: at once if it exists, else when it has been made. */
  #withKey(show: string, secret: Secret, waitUntil: WaitUntil, then: (key: SipKey) => void): void {
    const key = this.#keys.get(show);
    if (key !== undefined) then(key);
    else waitUntil(this.#makeKey(show, secret).then(then));
  }

  async #makeKey(show: string, secret: Secret): Promise<SipKey> {
    const key = sipKey(await secret.sign("audience", show));
    this.#keys.set(show, key);
    return key;
  }
}

/** When and where this isolate reports a show. */
interface Schedule {
  /** When the next report is due, ms since 1970. */
  dueAt: number;
  /** The show's number of shards, as far as this isolate knows. */
  shards: number;
  /** The last answer of the current shard, and, while the isolate moves to another, of the one before. By shard. */
  readonly answers: Map<string, ShardAnswer>;
}
