/**
 * A refusal or a failure: its HTTP status, its code and a sentence that says what to do. This file is the one table of them.
 * A function that cannot do what it was asked returns a {@link Problem}. Edge and origin turn it into the response
 * `{error: {code, message}}` (edge/refusal.ts, origin/origin.ts).
 */
export interface Problem {
  readonly kind: "problem";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Response headers: Allow, Retry-After, WWW-Authenticate. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether an answer is a refusal or a failure. */
export function isProblem(answer: object): answer is Problem {
  return "kind" in answer && answer.kind === "problem";
}

/** The JSON body of every refusal. The pages tell the relay's refusals from those of other servers by it. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

/** Returns the JSON body of the answer to a request that a problem refuses. */
export function bodyOf({ code, message }: Problem): ErrorBody {
  return { error: { code, message } };
}

/** The problems that have no parameters. */
export const PROBLEMS = {
  notFound: problem(404, "not_found", "There is nothing at this URL."),
  unknownBroadcast: problem(404, "unknown_broadcast", "There is no such broadcast."),
  notStarted: problem(404, "not_started", "This broadcast has not started yet."),
  noReplay: problem(404, "no_replay", "This show has nothing to replay yet: no host has been heard."),
  noSuchMedia: problem(404, "no_such_media", "There is no such part or segment, or it is too old."),
  tooFarAhead: problem(
    400,
    "bad_directive",
    "_HLS_msn or _HLS_part is too far ahead of the last segment or part.",
  ),
  noWebhook: problem(
    404,
    "no_webhook",
    'This broadcast has no webhook. Set one: PUT {"url": "https://…"} here.',
  ),
  noHost: problem(404, "no_such_host", "This broadcast has no such host."),
  noSession: problem(404, "no_session", "There is no such WHIP session."),
  noTalk: problem(404, "no_talk", "There is no such talk session, or no more. Make another."),
  talkOver: problem(410, "talk_over", "This talk session can not be gone on with. Make another."),
  talkBusy: problem(409, "talk_busy", "One change at a time: the one before is not answered yet.", after(1)),
  otherMutation: problem(409, "other_mutation", "No offer of this talk session waits for that answer."),
  noSuchState: problem(
    404,
    "no_such_state",
    'Announcements are made in the states "before", "interrupted" and "after".',
  ),
  otherEpoch: problem(410, "other_epoch", "This show is over; load the playback URL again."),
  ended: problem(410, "ended", "This broadcast has ended. Create a new one to go live again."),
  sessionOver: problem(410, "no_session", "That session is over."),
  wrongAdminToken: problem(
    401,
    "unauthorized",
    "Send the admin token: Authorization: Bearer ADMIN_TOKEN.",
    bearer(),
  ),
  wrongHostKey: problem(
    401,
    "unauthorized",
    "The host key is missing or wrong. Send it as: Authorization: Bearer HOSTKEY.",
    bearer(),
  ),
  wrongIngestToken: problem(403, "bad_token", "The token does not open this socket."),
  httpsRequired: problem(
    403,
    "https_required",
    "Keys are taken over https alone: use this URL with https://.",
  ),
  slugTaken: problem(409, "slug_taken", "There is a broadcast with that slug already."),
  firstHostStays: problem(
    409,
    "first_host",
    "The broadcast's own host can not be deleted. Replace its key instead: POST .../hosts/host/rotate.",
  ),
  offerNotSdp: problem(415, "unsupported_media_type", "Send the offer as application/sdp."),
  offerRefused: problem(422, "offer_refused", "The media server could not use this offer."),
  upgradeRequired: problem(426, "upgrade_required", "This URL is the SFU's WebSocket."),
  recordingNotReady: problem(
    409,
    "recording_not_ready",
    "The recording is there once the show has ended. Until then, play the playback URL.",
  ),
  nothingRecorded: problem(
    404,
    "nothing_recorded",
    "This broadcast ended without a host having been heard, so there is no recording of it.",
  ),
  otherRecording: problem(409, "other_recording", "The recording is another by now. Begin anew."),
  noChapters: problem(404, "no_chapters", "There are chapters from when the first host is heard."),
  beingRemoved: problem(
    409,
    "being_removed",
    "A broadcast of that name is being deleted. Ask again in a few seconds.",
    after(3),
  ),
  notInTime: problem(
    503,
    "not_in_time",
    "What was asked for did not come within three target durations.",
    after(1),
  ),
  sideCallsOff: problem(
    503,
    "switched_off",
    "The relay's operator has switched this off for now. The show goes on without it.",
    after(60),
  ),
  restarting: problem(503, "unavailable", "The show is restarting; ask again.", after(1)),
  noAnswer: problem(503, "unavailable", "The show does not answer at this moment; ask again.", after(1)),
  recordingUnreadable: problem(
    503,
    "unavailable",
    "The recording can not be read at this moment; ask again.",
    after(1),
  ),
  tooManyDownloads: problem(
    503,
    "too_many_downloads",
    "Many recordings are being downloaded here at this moment; ask again in some seconds.",
    after(10),
  ),
  holdNotKept: problem(
    503,
    "unavailable",
    "The hold audio could not be kept now; what was set before goes on. Send it again in a few seconds.",
    after(3),
  ),
  announcementNotKept: problem(
    503,
    "unavailable",
    "The announcement could not be kept now; what was set before goes on. Send it again in a few seconds.",
    after(3),
  ),
  noDirectory: problem(
    503,
    "unavailable",
    "The list of broadcasts can not be read at this moment; the shows go on without it. Ask again in a few seconds.",
    after(3),
  ),
  failed: problem(503, "unavailable", "Something went wrong here; try again.", after(1)),
  notNow: problem(503, "unavailable", "It could not be done now. Ask again in a few seconds.", after(3)),
  sfuMisconfigured: problem(
    503,
    "sfu_unavailable",
    "The media server does not accept this relay's credentials. The relay's operator has to correct them; its log says how.",
    after(30),
  ),
} as const;

/** The delivery directives violate the specification (RFC 8216bis section 6.2.5). */
export function badDirective(message: string): Problem {
  return problem(400, "bad_directive", message);
}

/** The body is not valid as a broadcast's settings. */
export function invalidSettings(message: string): Problem {
  return problem(400, "invalid_settings", message);
}

/** Details of a broadcast contradict each other; `field` is the one to correct. */
export function unfitDetails(field: string, message: string): Problem {
  return invalidSettings(`The field "${field}": ${message}.`);
}

/** Events cannot be sent to the webhook's URL; `why` is a clause. */
export function refusedReceiver(why: string): Problem {
  return problem(422, "receiver_refused", `The field "url": ${why}.`);
}

/** The file cannot be used as hold audio. */
export function unfitHold(message: string): Problem {
  return problem(400, "invalid_hold_audio", message);
}

/** The file cannot be used as an announcement. */
export function unfitAnnouncement(message: string): Problem {
  return problem(400, "invalid_announcement", message);
}

/** The query parameters of an API request are invalid. */
export function invalidQuery(message: string): Problem {
  return problem(400, "invalid_query", message);
}

/** The body of a talk-back request is invalid. */
export function invalidTalk(message: string): Problem {
  return problem(400, "invalid_talk", message);
}

/** The offer is not SDP, or lacks required parts (RFC 9725 section 4.2). */
export function malformedOffer(message: string): Problem {
  return problem(400, "malformed_offer", message);
}

/** The offer is well formed, but its content is not supported (RFC 9725 section 4.2). */
export function unsupportedOffer(message: string): Problem {
  return problem(422, "unsupported_offer", message);
}

/** @param what what the media server does not accept, as a plural noun */
export function sfuUnavailable(what: string): Problem {
  const message = `The media server is not reachable or not taking ${what} now. Try again in a few seconds.`;
  return problem(503, "sfu_unavailable", message, after(3));
}

export function bodyTooLarge(bytes: number): Problem {
  return problem(413, "body_too_large", `The body has at most ${bytes} bytes.`);
}

export function talkTooLarge(bytes: number): Problem {
  return problem(413, "talk_too_large", `What talk-back takes has at most ${bytes} bytes.`);
}

export function tooManyTracks(limit: number): Problem {
  return problem(409, "too_many_tracks", `A talk session has at most ${limit} tracks; close some first.`);
}

export function offerTooLarge(bytes: number): Problem {
  return problem(413, "offer_too_large", `An offer has at most ${bytes} bytes.`);
}

/** @param seconds after which a connected host may have been quiet for long enough to lose its place */
export function tooManyHosts(limit: number, seconds: number): Problem {
  const hosts = limit === 1 ? "One host is" : `${limit} hosts are`;
  const message = `Every place is taken: ${hosts} let on at a time. One has to leave first, or add ?takeover=1 to the WHIP URL to take a place.`;
  return problem(409, "too_many_hosts", message, after(seconds));
}

export function tooManyHostKeys(limit: number): Problem {
  const message = `A broadcast has at most ${limit} hosts beside its own. Delete one first.`;
  return problem(409, "too_many_host_keys", message);
}

export function tooManyFollowers(limit: number): Problem {
  const message = `${limit} follow the events of this broadcast already; one has to leave first.`;
  return problem(429, "too_many_followers", message, after(15));
}

/**
 * @param allow the allowed methods, in the Allow header's form (RFC 9110 section 10.2.1)
 * @param message replaces the default sentence
 */
export function methodNotAllowed(allow: string, message = `Allowed here: ${allow}.`): Problem {
  return problem(405, "method_not_allowed", message, { allow });
}

function problem(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Problem {
  return { kind: "problem", status, code, message, headers };
}

/** RFC 6750 section 3. */
function bearer(): Record<string, string> {
  return { "www-authenticate": 'Bearer realm="earshot"' };
}

function after(seconds: number): Record<string, string> {
  return { "retry-after": String(seconds) };
}
