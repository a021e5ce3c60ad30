import { problemOf } from "../ingest/fault.ts";
import type { Offered, Pulls } from "../ingest/pulls.ts";
import type { SfuFault } from "../ingest/sfu-api.ts";
import { PROBLEMS, type Problem, tooManyTracks } from "../problem.ts";
import { ANSWER_MS, MOST_TRACKS, type TalkOffer, type TalkTrack } from "../talk.ts";

/** Media sections that a session's SDP may come to have: a closed track leaves its section behind, and each answer has all. */
const MOST_SECTIONS = 48;
/** A studio that has asked nothing for this long, ms, has gone: studios ask at least every 20 s who else is on. */
const SILENT_MS = 60_000;

/** An offer that waits for its answer. */
interface Pending {
  readonly mutation: string;
  /** What the session hears once the offer is answered: publication -> mid. */
  readonly mids: ReadonlyMap<string, string>;
}

/**
 * One studio's connection to the SFU, on which it hears the others. It changes one step at a time: from the request for tracks
 * until the studio's answer has been taken, nothing else may change it. Once the SFU's state of the session is unknown, the
 * session is over.
 */
export class Talk {
  /** The unguessable name of this talk session. */
  readonly name: string;
  /** The WHIP session of the host who listens on it. */
  readonly session: string;
  readonly hostId: string;
  readonly #pulls: Pulls;
  /** The SFU's session; null before the first track. */
  #sfuSession: string | null = null;
  /** What the session hears: publication -> mid. */
  readonly #mids = new Map<string, string>();
  #sections = 0;
  /** Deadline of the change in progress, ms since 1970; null: none is in progress. */
  #until: number | null = null;
  /** Whether the SFU is being asked. */
  #isAsking = false;
  #pending: Pending | null = null;
  #isOver = false;
  /** When the studio last asked for something, milliseconds since 1970. */
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

  /** Notes that the studio asks for something. */
  hear(now: number): void {
    this.#heardAt = now;
  }

  /** Whether the session is of no use: broken, past its deadline, or without a studio. */
  isOver(now: number): boolean {
    const isLate = this.#until !== null && now > this.#until;
    return this.#isOver || isLate || now - this.#heardAt > SILENT_MS;
  }

  /**
   * Asks the SFU for those wanted publications that the session does not hear yet.
   *
   * @param wanted publication -> the publisher's session at the SFU; null if nobody publishes it
   * @param mutation names this exchange
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
    const mids = new Map<string, string>();
    for (const [publication, source] of asked) {
      const item = offered?.items.get(source ?? "");
      if (item?.kind === "mid") mids.set(publication, item.mid);
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

  /** Takes the studio's answer to the offer of `mutation`. Null: the session hears what was offered. */
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

  /** Stops hearing these publications. Null: done, or none of them was heard. */
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

  /** Ends the session, and closes its tracks at the SFU. */
  async release(): Promise<void> {
    this.#isOver = true;
    const mids = [...new Set([...this.#mids.values(), ...(this.#pending?.mids.values() ?? [])])];
    if (this.#sfuSession === null || mids.length === 0) return;
    const fault = await this.#pulls.close(this.#sfuSession, mids);
    // The studio closes its connection too; the SFU ends a session without one after 30 s.
    if (fault !== null) console.warn(`The SFU did not close a talk session: ${fault.status} ${fault.code}`);
  }

  /** Calls the SFU with its id of the session; the first call opens that session at the SFU. */
  async #ask<T>(ask: (session: string) => Promise<T>): Promise<T | SfuFault> {
    if (this.#sfuSession !== null) return ask(this.#sfuSession);
    const opened = await this.#pulls.open();
    if (opened.kind === "fault") return opened;
    this.#sfuSession = opened.session;
    return ask(opened.session);
  }

  /** Handles a fault while the SFU has no session yet: nothing is lost, and the studio may ask again. */
  #refused(fault: SfuFault): Problem {
    this.#until = null;
    return problemOf(fault, "talk session");
  }

  /** Ends the session: the SFU's state of it is unknown after a fault, or it has reached its limit of sections (null). */
  #end(fault: SfuFault | null): Problem {
    this.#isOver = true;
    if (fault !== null) console.warn(`A talk session is over: ${fault.status} ${fault.code}`);
    return PROBLEMS.talkOver;
  }
}
