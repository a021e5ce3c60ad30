import { WorkerEntrypoint } from "cloudflare:workers";
import type { AnnouncedState, AnnouncementDescription, AnnouncementKeeper } from "../announcement-api.ts";
import type { Audience } from "../audience/audience.ts";
import type { Figure } from "../audience/figure.ts";
import type { Broadcast } from "../broadcast/broadcast.ts";
import type { Read, Readable } from "../broadcast/reads.ts";
import type { HoldDescription, HoldKeeper } from "../hold-api.ts";
import { withTimeout } from "../limit.ts";
import { LIVE_EDGE_HEADER, type LiveEdge, writeLiveEdge } from "../live-edge.ts";
import { type ChapterFormat, parseUpstream, type Target } from "../paths.ts";
import { bodyOf, isProblem, PROBLEMS, type Problem } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import { type ByteRange, parseRange } from "../recording-range.ts";
import type { ShowStatus, Status } from "../status.ts";
import { keepAnnouncement } from "./announcement.ts";
import { chaptersResponse } from "./chapters.ts";
import { keepHold } from "./hold.ts";
import { ListenerCounts, UNCOUNTED } from "./listener-counts.ts";
import { Recordings, StoredRecording } from "./recording.ts";
import { retried } from "./retry.ts";
import { handOver } from "./sound-handover.ts";
import { Tally } from "./tally.ts";

export interface OriginEnv {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
  readonly MEDIA: R2Bucket;
}

/** Timeout for a read of R2, ms; after it the Broadcast is asked, which has recent media. */
const R2_TIMEOUT_MS = 1_000;

/** One of each per isolate. */
const tally = new Tally();
const listenerCounts = new ListenerCounts();
const recordings = new Recordings();

/**
 * Answers canonical reads on a cache miss: media from R2 where R2 has it, everything else from the Broadcast. Every
 * answer has a Cache-Control header, because Workers Cache keeps a 200 without one for two hours.
 */
export class Origin extends WorkerEntrypoint<OriginEnv> implements HoldKeeper, AnnouncementKeeper {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const range = parseRange(url.pathname);
    if (range !== null) return this.#range(range);
    const target = parseUpstream(url);
    if (target.kind === "problem") return refuse(target);
    tally.add(target.id, { [target.kind]: 1 });
    if (target.kind === "audience") return this.#audience(target.id, target.series);
    if (target.kind === "recording") return this.#recording(target.id);
    if (target.kind === "chapters") return this.#chapters(target.id, target.format);
    const kept = await this.#kept(target);
    if (kept.kind === "kept") return kept.response;
    const read = await this.#read(target);
    if (read.kind === "status") return this.#status(read.status);
    if (read.kind === "events") return Response.json(read.events, { headers: { "cache-control": brief(1) } });
    // The Broadcast answers 404 for media that it has handed to R2. While R2 does not answer, such media may exist.
    const isOpen = kept.kind === "unknown" && read.kind === "problem" && read.status === 404;
    return toResponse(isOpen ? PROBLEMS.recordingUnreadable : read);
  }

  /** Stores a WAV file as a broadcast's hold audio, and has the Broadcast use it. */
  async keepHold(
    id: string,
    wav: ReadableStream<Uint8Array>,
    asIs: boolean,
  ): Promise<HoldDescription | Problem> {
    const { MEDIA, BROADCAST } = this.env;
    const own = await keepHold(MEDIA, id, wav, asIs);
    if (isProblem(own)) return own;
    // A Durable Object stub that has failed once fails for good, so each call makes a new one.
    const broadcast = () => BROADCAST.get(BROADCAST.idFromName(id));
    return handOver<HoldDescription>(MEDIA, keys.hold(id, own.version), own.setAt, {
      use: () => broadcast().useHold(own),
      describe: () => broadcast().hold(),
      setAtOf: (described) => described.own?.setAt ?? null,
    });
  }

  /** Stores a WAV file as a broadcast's announcement for a state, and has the Broadcast use it. */
  async keepAnnouncement(
    id: string,
    state: AnnouncedState,
    wav: ReadableStream<Uint8Array>,
    everySeconds: number,
  ): Promise<AnnouncementDescription | Problem> {
    const { MEDIA, BROADCAST } = this.env;
    const announcement = await keepAnnouncement(MEDIA, id, state, wav, everySeconds);
    if (isProblem(announcement)) return announcement;
    const { version, setAt } = announcement;
    const broadcast = () => BROADCAST.get(BROADCAST.idFromName(id));
    return handOver<AnnouncementDescription>(MEDIA, keys.announcement(id, state, version), setAt, {
      use: () => broadcast().announcement({ kind: "use", state, announcement }),
      describe: () => broadcast().announcement({ kind: "show", state }),
      setAtOf: (described) => described.announcement?.setAt ?? null,
    });
  }

  /** Returns the listener figure from the show's uppermost shard. */
  async #audience(id: string, series: boolean): Promise<Response> {
    const figure = await this.#figure(id, series);
    return Response.json(figure, { headers: { "cache-control": brief(5) } });
  }

  /** Returns a show's status with the listener count. Pages show both, and so need one request instead of two. */
  async #status(show: ShowStatus): Promise<Response> {
    const isOn = show.state === "open" || show.state === "live";
    const count = isOn
      ? await listenerCounts.of(show.id, Date.now(), () => this.#figure(show.id, false))
      : UNCOUNTED;
    const status: Status = { ...show, ...count };
    return Response.json(status, { headers: { "cache-control": brief(1) } });
  }

  /** Returns the facts about a recording that the edge needs. */
  async #recording(id: string): Promise<Response> {
    const facts = await recordings.facts(id, this.#sourceOf(id)).catch(unreadable);
    return isProblem(facts)
      ? refuse(facts)
      : Response.json(facts, { headers: { "cache-control": brief(1) } });
  }

  /** Returns bytes of a recording. No cache is to store them: they are many, and R2 has them already. */
  async #range(range: ByteRange): Promise<Response> {
    const waitUntil = (work: Promise<void>) => this.ctx.waitUntil(work);
    const sent = await recordings.stream(range, this.#sourceOf(range.id), waitUntil).catch(unreadable);
    return sent.kind === "problem"
      ? refuse(sent)
      : new Response(sent.bytes, { headers: { "cache-control": "no-store" } });
  }

  async #chapters(id: string, format: ChapterFormat): Promise<Response> {
    const chapters = await this.#sourceOf(id).chapters().catch(unreadable);
    return chapters.kind === "problem" ? refuse(chapters) : chaptersResponse(chapters, format);
  }

  #sourceOf(id: string): StoredRecording {
    const { MEDIA, BROADCAST } = this.env;
    return new StoredRecording(id, MEDIA, () => BROADCAST.get(BROADCAST.idFromName(id)));
  }

  async #figure(id: string, series: boolean): Promise<Figure> {
    return this.env.AUDIENCE.get(this.env.AUDIENCE.idFromName(id)).read(id, series);
  }

  /** Answers with media from R2. */
  async #kept(target: Target): Promise<Kept> {
    if (target.kind !== "init" && target.kind !== "segment") return { kind: "absent" };
    const key =
      target.kind === "init"
        ? keys.init(target.id, target.epoch)
        : keys.segment(target.id, target.epoch, target.msn);
    try {
      const object = await withTimeout(this.env.MEDIA.get(key), R2_TIMEOUT_MS);
      if (object === null) return { kind: "absent" };
      const headers = { ...MEDIA_HEADERS, "content-length": String(object.size) };
      return { kind: "kept", response: new Response(object.body, { headers }) };
    } catch (error) {
      console.warn(`R2 gave nothing for ${key}; the broadcast is asked: ${String(error)}`);
      return { kind: "unknown" };
    }
  }

  /** Asks the Broadcast, and again if it restarts meanwhile: some players stop at the first failed playlist. */
  async #read(target: Readable): Promise<Read> {
    const id = this.env.BROADCAST.idFromName(target.id);
    const answered = tally.take(target.id);
    try {
      return await retried<Read>(async () => this.env.BROADCAST.get(id).read(target, answered));
    } catch (error) {
      console.warn(`The broadcast ${target.id} does not answer: ${String(error)}`);
    }
    tally.add(target.id, answered);
    return PROBLEMS.restarting;
  }
}

/** What R2 says of media. `absent`: R2 does not hold it, or not yet; `unknown`: R2 does not answer. */
type Kept =
  | { readonly kind: "kept"; readonly response: Response }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
/** Names are immutable and carry the epoch. An hour is longer than any of them stays in a live playlist. */
const MEDIA_HEADERS = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };

/** Cache lifetimes follow RFC 8216bis appendix B.1 for a target duration of 2 s, in whole seconds. */
function toResponse(read: Exclude<Read, { kind: "status" | "events" }>): Response {
  switch (read.kind) {
    case "multivariant":
      return playlist(read, brief(1));
    case "playlist":
      if (read.liveEdge.ended) return playlist(read, brief(60));
      return playlist(read, brief(read.held ? 12 : 1));
    case "media":
      return new Response(read.bytes, {
        headers: { ...MEDIA_HEADERS, "content-length": String(read.bytes.length) },
      });
    case "problem":
      return refuse(read);
  }
}

/**
 * Returns a Cache-Control value for so many seconds. Without `stale-if-error=0`, Workers Cache would serve a stale playlist for
 * as long as the origin fails. A player would wait for ever for a newer one, whereas an error makes it retry.
 */
function brief(seconds: number): string {
  return `public, max-age=${seconds}, stale-if-error=0`;
}

function playlist({ text, liveEdge }: { text: string; liveEdge: LiveEdge }, cacheControl: string): Response {
  return new Response(text, {
    headers: {
      "content-type": PLAYLIST_TYPE,
      "cache-control": cacheControl,
      [LIVE_EDGE_HEADER]: writeLiveEdge(liveEdge),
    },
  });
}

function unreadable(error: unknown): Problem {
  console.warn(`A recording can not be read: ${String(error)}`);
  return PROBLEMS.recordingUnreadable;
}

/**
 * Turns a problem into a response. A 4xx may be cached for a second, which shields the origin from clients that repeat the
 * request. A 5xx may not be cached: otherwise a momentary failure would last as long as the cache repeats it.
 */
function refuse(problem: Problem): Response {
  const { status, headers } = problem;
  const cacheControl = status < 500 ? brief(1) : "no-store";
  return Response.json(bodyOf(problem), { status, headers: { "cache-control": cacheControl, ...headers } });
}
