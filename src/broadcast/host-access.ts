import type { HostKey } from "../access/keys.ts";
import type {
  AcceptedOffer,
  AuthorizedHost,
  JoiningHost,
  Offer,
  TalkAnswer,
  TalkCall,
} from "../broadcast-api.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { Cast } from "./cast.ts";
import type { Chronicle } from "./chronicle.ts";
import { type Life, pipelineOf } from "./life.ts";
import type { Presence } from "./presence.ts";
import type { Publishers } from "./publishers.ts";

/**
 * What hosts ask of a show. The edge has checked that a key is genuine; whether it is still the present one is checked here.
 */

/** A show, as its hosts know it. */
interface HostedShow {
  readonly life: Life;
  readonly cast: Pick<Cast, "of" | "holderOf">;
  readonly publishers: Pick<Publishers, "publish" | "has" | "drop" | "talks">;
  readonly chronicle: Pick<Chronicle, "warnings">;
  readonly presence: Pick<Presence, "attended" | "keptAway">;
  /** Has all media made that is due, since somebody is there. */
  rouse(): void;
  /** Handles a host whose offer was taken. */
  welcome(session: string): void;
}

/**
 * Takes a host's offer; the first one opens the doors. The show may end, or the key be replaced, while the SFU is asked, so
 * both are checked before and after that. The doors do not close meanwhile. If the SFU takes nobody, the host counts as kept away.
 */
export async function publish(
  show: HostedShow,
  offer: Offer,
  joining: JoiningHost,
  origin: string,
): Promise<AcceptedOffer | Problem> {
  show.presence.attended(Date.now());
  const result = await show.publishers.publish(offer, joining, origin, () => {
    if (show.cast.holderOf(joining.key) === null) return PROBLEMS.wrongHostKey;
    const { state, farewellUntil, maxHosts } = show.life.row;
    return state === "ended" || farewellUntil !== null ? PROBLEMS.ended : { kind: "terms", maxHosts };
  });
  if (result.kind === "problem") {
    if (result.code === "sfu_unavailable") {
      show.presence.keptAway(Date.now());
      // A show that rests would not notice it, and could end as soon as the rest is over.
      show.rouse();
    }
    return result;
  }
  show.welcome(result.session);
  return { ...result, name: show.cast.of(joining.key.hostId)?.name ?? "" };
}

/**
 * Returns the host whose key this is, with what is to be said about `session`, or, if that is null, about the host. Refuses a key
 * that has been replaced or revoked, and a session that does not exist or is another host's.
 */
export function admit(show: HostedShow, key: HostKey, session: string | null): AuthorizedHost | Problem {
  const host = show.cast.holderOf(key);
  if (host === null) return PROBLEMS.wrongHostKey;
  if (session !== null && !show.publishers.has(session, key.hostId)) return PROBLEMS.noSession;
  if (session === null) {
    const warnings = show.chronicle.warnings.filter((warning) => warning.host?.hostId === host.hostId);
    return { kind: "admitted", name: host.name, warnings: warnings.map(({ kind }) => kind), audible: null };
  }
  // Several people may hold the key that comes with the broadcast, so a session is told only of itself.
  const pipeline = pipelineOf(show.life);
  const isHeard = pipeline?.isHeard(session) === true;
  return {
    kind: "admitted",
    name: host.name,
    warnings: pipeline?.guard.warningsOf(session) ?? [],
    audible: isHeard ? (host.muted ? "muted" : "yes") : "not-yet",
  };
}

/** Ends a WHIP session of the host whose key this is; refuses as {@link admit} does. */
export async function leave(show: HostedShow, key: HostKey, session: string): Promise<null | Problem> {
  const authorized = admit(show, key, session);
  if (authorized.kind === "problem") return authorized;
  await show.publishers.drop(session, "the host has left");
  return null;
}

/** Does what a host's studio asks for talk-back. A talk session that is another host's is refused as if it did not exist. */
export async function talk(show: HostedShow, key: HostKey, asked: TalkCall): Promise<TalkAnswer | Problem> {
  const authorized = admit(show, key, null);
  return authorized.kind === "problem"
    ? authorized
    : show.publishers.talks.talk(asked, key.hostId, Date.now());
}
