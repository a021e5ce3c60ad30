import { FIRST_HOST } from "../access/keys.ts";
import { randomName } from "../access/secret.ts";
import type { TalkAnswer, TalkCall } from "../broadcast-api.ts";
import type { Pulls } from "../ingest/pulls.ts";
import { isProblem, PROBLEMS, type Problem } from "../problem.ts";
import { HELD_MS, type Other } from "../talk.ts";
import { Talk } from "./talk.ts";

/** A publisher, as talk-back knows it. */
export interface Voice {
  /** The WHIP session. */
  readonly session: string;
  readonly sfuSession: string;
  readonly hostId: string;
  readonly name: string;
  /** Whether its sound has arrived, so that the SFU has it for others. */
  readonly isHeard: boolean;
}

/**
 * The talk sessions of a broadcast, at most one for each WHIP session. They live as long as the object: after a restart there
 * are none, and the studios begin new ones. No sound passes through here: the SFU sends it to the studios.
 */
export class Talks {
  readonly #pulls: Pulls;
  readonly #waitUntil: (work: Promise<void>) => void;
  readonly #voices: () => readonly Voice[];
  /** By name. */
  readonly #all = new Map<string, Talk>();
  /** WHIP session -> the name that others know its publication by. */
  readonly #publications = new Map<string, string>();
  /** Releases the held questions that wait for a new list, by talk session: each has one question at most. */
  readonly #held = new Map<string, () => void>();
  /** The WHIP sessions whose microphones squeal. */
  #squealing: ReadonlySet<string> = new Set();
  #revision = 1;
  #seen = "[]";

  /** @param voices returns the publishers, oldest first */
  constructor(pulls: Pulls, waitUntil: (work: Promise<void>) => void, voices: () => readonly Voice[]) {
    this.#pulls = pulls;
    this.#waitUntil = waitUntil;
    this.#voices = voices;
  }

  /**
   * Checks who is on, and answers the held questions if that has changed. Ends sessions that are of no use, or whose host has
   * gone.
   */
  refresh(now: number): void {
    const all = this.#voices();
    for (const talk of this.#all.values())
      if (talk.isOver(now) || !all.some(({ session }) => session === talk.session)) this.#end(talk);
    const voices = this.#heard;
    for (const session of this.#publications.keys())
      if (!voices.some((voice) => voice.session === session)) this.#publications.delete(session);
    for (const { session } of voices)
      if (!this.#publications.has(session)) this.#publications.set(session, randomName());
    const seen = JSON.stringify(voices);
    if (seen !== this.#seen) this.#tell();
    this.#seen = seen;
  }

  /** Takes the WHIP sessions whose microphones squeal at this moment; the studios learn of a change at once. */
  squeal(sessions: ReadonlySet<string>): void {
    const before = this.#squealing;
    const isChanged = sessions.size !== before.size || [...sessions].some((session) => !before.has(session));
    this.#squealing = sessions;
    if (isChanged) this.#tell();
  }

  /** Notes that what studios are told has changed, and answers the held questions. */
  #tell(): void {
    this.#revision++;
    for (const release of [...this.#held.values()]) release();
  }

  /**
   * Does what a host's studio asks for; `hostId` is that of its key. To a studio, the talk sessions and WHIP sessions of
   * other hosts do not exist.
   */
  async talk(asked: TalkCall, hostId: string, now: number): Promise<TalkAnswer | Problem> {
    this.refresh(now);
    if (asked.kind === "begin") return this.#begin(asked.session, hostId, now);
    const talk = this.#all.get(asked.talk);
    if (talk === undefined || talk.hostId !== hostId) return PROBLEMS.noTalk;
    talk.hear(now);
    const answer = await this.#ask(talk, asked, now);
    if (talk.isOver(now)) this.#end(talk);
    return answer;
  }

  /** Begins the talk session of a WHIP session; ends the previous one. */
  #begin(session: string, hostId: string, now: number): TalkAnswer | Problem {
    const isOwn = this.#voices().some((voice) => voice.session === session && voice.hostId === hostId);
    if (!isOwn) return PROBLEMS.noSession;
    for (const talk of this.#all.values()) if (talk.session === session) this.#end(talk);
    const talk = new Talk(randomName(), { session, hostId }, this.#pulls, now);
    this.#all.set(talk.name, talk);
    return { kind: "begun", talk: talk.name };
  }

  async #ask(
    talk: Talk,
    asked: Exclude<TalkCall, { kind: "begin" }>,
    now: number,
  ): Promise<TalkAnswer | Problem> {
    switch (asked.kind) {
      case "others": {
        if (asked.since === this.#revision) await this.#change(talk);
        if (!this.#all.has(talk.name)) return PROBLEMS.noTalk;
        return {
          kind: "others",
          revision: this.#revision,
          others: this.#audible(talk).map(([, other]) => other),
          squeals: this.#squealing.has(talk.session),
        };
      }
      case "tracks": {
        const audible = new Map(this.#audible(talk).map(([source, other]) => [other.publication, source]));
        const wanted = new Map(asked.publications.map((one) => [one, audible.get(one) ?? null]));
        const offer = await talk.pull(wanted, randomName(), now);
        return isProblem(offer) ? offer : { kind: "offer", ...offer };
      }
      case "answer":
        return (await talk.answer(asked.mutation, asked.answer)) ?? DONE;
      case "close":
        return (await talk.drop(asked.publications, now)) ?? DONE;
      case "end":
        this.#end(talk);
        return DONE;
    }
  }

  /** The publishers whom others can hear. */
  get #heard(): readonly Voice[] {
    return this.#voices().filter(({ isHeard }) => isHeard);
  }

  /**
   * Returns whom the studio of a talk session can hear, each with the publisher's session at the SFU: everybody but the
   * studio's own host. Several people may hold the key that comes with the broadcast, and they hear each other. A host with a
   * key of its own is one person, however many sessions there are.
   */
  #audible(own: Talk): (readonly [sfuSession: string, other: Other])[] {
    return this.#heard
      .filter(({ session, hostId }) =>
        hostId === FIRST_HOST ? session !== own.session : hostId !== own.hostId,
      )
      .map(({ session, sfuSession, name }) => [
        sfuSession,
        { publication: this.#publications.get(session) ?? "", name },
      ]);
  }

  /** Waits until there is a new list, the session is over, or its studio asks again; 20 s at most. */
  #change({ name }: Talk): Promise<void> {
    this.#held.get(name)?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    const release = () => {
      clearTimeout(timer);
      if (this.#held.get(name) === release) this.#held.delete(name);
      resolve();
    };
    const timer = setTimeout(release, HELD_MS);
    this.#held.set(name, release);
    return promise;
  }

  #end(talk: Talk): void {
    if (!this.#all.delete(talk.name)) return;
    this.#held.get(talk.name)?.();
    this.#waitUntil(talk.release());
  }
}

const DONE = { kind: "done" } as const;
