import { problemOf } from "../ingest/fault.ts";
import type { Offered, Pulls } from "../ingest/pulls.ts";
import type { SfuFault } from "../ingest/sfu-api.ts";
import { PROBLEMS, type Problem, tooManyTracks } from "../problem.ts";
import { ANSWER_MS, MOST_TRACKS, type TalkOffer, type TalkTrack } from "../talk.ts";

/** Sections that a session's description may come to have: a closed track leaves its own behind, and each answer has all. */
const MOST_SECTIONS = 48;
/** A studio of which nothing has been heard for so long has gone: it asks at least every 20 s who else is on. */
const SILENT_MS = 60_000;

/** An offer that waits for its answer. */
interface Pending {
  readonly mutation: string;
  /** What the session will hear once it is answered, by publication. */
  readonly mids: ReadonlyMap<string, string>;
}

/**
 * One studio's connection to the SFU, on which it hears the others. One thing at a time: from the question for tracks until
 * their answer has been taken, nothing else may change it. Where what the SFU has of it is not known any more, it is over.
 */
export class Talk {
  /** Its unguessable name. */
  readonly name: string;
  /** The WHIP session of the host who hears by it. */
  readonly session: string;
  readonly hostId: string;
  readonly #pulls: Pulls;
  /** The SFU's session; null before the first track. */
  #sfuSession: string | null = null;
  /** What it hears: publication -> mid. */
  readonly #mids = new Map<string, string>();
  #sections = 0;
  /** When the change that is under way has to be done; null: none is. */
  #until: number | null = null;
  /** Whether the SFU is being asked. */
  #isAsking = false;
  #pending: Pending | null = null;
  #isOver = false;
  /** When its studio was last heard of, milliseconds since 1970. */
  #heardAt: number;

  constructor(
    name: string,
    { session, hostId }: { readonly session: string; readonly hostId: string },
    pulls: Pulls,
    now: number,
  ) {
    this.name = name;
    this.session = session;
    this.hostId = hostId;
    this.#pulls = pulls;
    this.#heardAt = now;
  }

  /** Its studio asks for something. */
  hear(now: number): void {
    this.#heardAt = now;
  }

  /** Whether it is of no use any more: broken, late, or without a studio. */
  isOver(now: number): boolean {
    const isLate = this.#until !== null && now > this.#until;
    return this.#isOver || isLate || now - this.#heardAt > SILENT_MS;
  }

  /**
   * Asks the SFU for what the session does not hear yet.
   *
   * @param wanted publication -> the publisher's session at the SFU; null where nobody publishes it
   */
  async pull(
    wanted: ReadonlyMap<string, string | null>,
    mutation: string,
    now: number,
  ): Promise<TalkOffer | Problem> {
    if (this.#until !== null) return PROBLEMS.talkBusy;
    const asked = [...wanted].filter(
      ([publication, source]) => source !== null && !this.#mids.has(publication),
    );
    if (this.#mids.size + asked.length > MOST_TRACKS) return tooManyTracks(MOST_TRACKS);
    if (this.#sections + asked.length > MOST_SECTIONS) return this.#end(null);
    let offered: Offered | SfuFault | null = null;
    if (asked.length > 0) {
      this.#until = now + ANSWER_MS;
      this.#isAsking = true;
      const sources = asked.map(([, source]) => source ?? "");
      offered = await this.#ask((session) => this.#pulls.pull(session, sources));
      this.#isAsking = false;
      if (offered.kind === "fault")
        return this.#sfuSession === null ? this.#refused(offered) : this.#end(offered);
    }
    const items = offered?.items ?? new Map<string, string | SfuFault>();
    const mids = new Map<string, string>();
    for (const [publication, source] of asked) {
      const mid = items.get(source ?? "");
      if (typeof mid === "string") mids.set(publication, mid);
    }
    this.#sections += mids.size;
    const offer = offered?.offer ?? null;
    if (offer === null) this.#until = null;
    else this.#pending = { mutation, mids };
    const tracks = [...wanted].map(([publication, source]): TalkTrack => {
      const mid = this.#mids.get(publication) ?? mids.get(publication);
      if (mid !== undefined) return { publication, mid };
      return { publication, error: source === null ? "gone" : "not-yet" };
    });
    return { mutation, offer, tracks };
  }

  /** Takes the answer to the offer of `mutation`. Null: it hears what was offered. */
  async answer(mutation: string, sdp: string): Promise<null | Problem> {
    const pending = this.#pending;
    if (pending === null || pending.mutation !== mutation || this.#isAsking) return PROBLEMS.otherMutation;
    this.#isAsking = true;
    const fault = await this.#ask((session) => this.#pulls.answer(session, sdp));
    this.#isAsking = false;
    if (fault !== null) return this.#end(fault);
    for (const [publication, mid] of pending.mids) this.#mids.set(publication, mid);
    this.#pending = null;
    this.#until = null;
    return null;
  }

  /** Ceases to hear these publications. Null: done, or they were not heard. */
  async drop(publications: readonly string[], now: number): Promise<null | Problem> {
    if (this.#until !== null) return PROBLEMS.talkBusy;
    const mids = publications.flatMap((publication) => this.#mids.get(publication) ?? []);
    if (mids.length === 0) return null;
    this.#until = now + ANSWER_MS;
    const fault = await this.#ask((session) => this.#pulls.close(session, mids));
    this.#until = null;
    if (fault !== null) return this.#end(fault);
    for (const publication of publications) this.#mids.delete(publication);
    return null;
  }

  /** Ends at the SFU what it has of the session. */
  async release(): Promise<void> {
    this.#isOver = true;
    const mids = [...new Set([...this.#mids.values(), ...(this.#pending?.mids.values() ?? [])])];
    if (this.#sfuSession === null || mids.length === 0) return;
    const fault = await this.#pulls.close(this.#sfuSession, mids);
    // The studio closes its connection too; the SFU ends a session without one after 30 s.
    if (fault !== null) console.warn(`The SFU did not close a talk session: ${fault.status} ${fault.code}`);
  }

  /** Asks the SFU about its session, which is made for the first question. */
  async #ask<T>(ask: (session: string) => Promise<T>): Promise<T | SfuFault> {
    if (this.#sfuSession !== null) return ask(this.#sfuSession);
    const opened = await this.#pulls.open();
    if (opened.kind === "fault") return opened;
    this.#sfuSession = opened.session;
    return ask(opened.session);
  }

  /** No session could be made, so nothing is lost: it may be asked again. */
  #refused(fault: SfuFault): Problem {
    this.#until = null;
    return problemOf(fault, "talk session");
  }

  /** It is over, since nobody knows what the SFU has of it now, or since it has come to its bound (null). */
  #end(fault: SfuFault | null): Problem {
    this.#isOver = true;
    if (fault !== null) console.warn(`A talk session is over: ${fault.status} ${fault.code}`);
    return PROBLEMS.talkOver;
  }
}
