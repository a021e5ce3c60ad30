import { WorkerEntrypoint } from "cloudflare:workers";
import type { AnnouncedState, AnnouncementDescription, AnnouncementKeeper } from "../announcement-api.ts";
import type { Audience } from "../audience/audience.ts";
import type { Figure } from "../audience/figure.ts";
import type { Broadcast } from "../broadcast/broadcast.ts";
import type { Read, Readable } from "../broadcast/reads.ts";
import type { HoldDescription, HoldKeeper } from "../hold-api.ts";
import { withLimit } from "../limit.ts";
import { LIVE_EDGE_HEADER, type LiveEdge, writeLiveEdge } from "../live-edge.ts";
import { type ChapterFormat, keys, parseListen, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { parseStretch, type Stretch } from "../recording-stretch.ts";
import type { ShowStatus, Status } from "../status.ts";
import { keepAnnouncement } from "./announcement.ts";
import { Attendance, UNCOUNTED } from "./attendance.ts";
import { chaptersResponse } from "./chapters.ts";
import { handOver } from "./hand-over.ts";
import { keepHold } from "./hold.ts";
import { Recordings, StoredRecording } from "./recording.ts";
import { retried } from "./retry.ts";
import { Tally } from "./tally.ts";

export interface OriginEnv {
  readonly BROADCAST: DurableObjectNamespace<Broadcast>;
  readonly AUDIENCE: DurableObjectNamespace<Audience>;
  readonly MEDIA: R2Bucket;
}

/** How long R2 may take, milliseconds; then the Broadcast is asked, which has recent media. */
const R2_TIMEOUT_MS = 1_000;

/** One per isolate. */
const tally = new Tally();
const attendance = new Attendance();
const recordings = new Recordings();

/**
 * Answers canonical reads that no cache could answer: media from R2 where R2 has it, all else from the Broadcast. Every
 * answer has a Cache-Control, because Workers Cache keeps a 200 without one for two hours.
 */
export class Origin extends WorkerEntrypoint<OriginEnv> implements HoldKeeper, AnnouncementKeeper {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const stretch = parseStretch(url.pathname);
    if (stretch !== null) return this.#stretch(stretch);
    const target = parseListen(url);
    if (target.kind === "problem") return refuse(target);
    tally.add(target.id, { [target.kind]: 1 });
    if (target.kind === "audience") return this.#audience(target.id, target.series);
    if (target.kind === "recording") return this.#recording(target.id);
    if (target.kind === "chapters") return this.#chapters(target.id, target.format);
    const kept = await this.#kept(target);
    if (kept instanceof Response) return kept;
    const read = await this.#read(target);
    if (read.kind === "status") return this.#status(read.status);
    if (read.kind === "events") return Response.json(read.events, { headers: { "cache-control": brief(1) } });
    // The Broadcast says 404 for media that it has handed to R2. While R2 does not answer, that media may exist.
    const isOpen = kept === "unknown" && read.kind === "problem" && read.status === 404;
    return toResponse(isOpen ? PROBLEMS.recordingUnreadable : read);
  }

  /** Takes a WAV file in as a broadcast's hold audio. */
  async keepHold(
    id: string,
    wav: ReadableStream<Uint8Array>,
    asIs: boolean,
  ): Promise<HoldDescription | Problem> {
    const { MEDIA, BROADCAST } = this.env;
    const own = await keepHold(MEDIA, id, wav, asIs);
    if ("kind" in own) return own;
    // A stub that has failed fails for good.
    const broadcast = () => BROADCAST.get(BROADCAST.idFromName(id));
    return handOver<HoldDescription>(MEDIA, keys.hold(id, own.version), own.setAt, {
      use: () => broadcast().useHold(own),
      describe: () => broadcast().hold(),
      setAtOf: (described) => described.own?.setAt ?? null,
    });
  }

  /** Takes a WAV file in as what a broadcast announces in a state. */
  async keepAnnouncement(
    id: string,
    state: AnnouncedState,
    wav: ReadableStream<Uint8Array>,
    everySeconds: number,
  ): Promise<AnnouncementDescription | Problem> {
    const { MEDIA, BROADCAST } = this.env;
    const announcement = await keepAnnouncement(MEDIA, id, state, wav, everySeconds);
    if ("kind" in announcement) return announcement;
    const { version, setAt } = announcement;
    const broadcast = () => BROADCAST.get(BROADCAST.idFromName(id));
    return handOver<AnnouncementDescription>(MEDIA, keys.announcement(id, state, version), setAt, {
      use: () => broadcast().announcement({ kind: "use", state, announcement }),
      describe: () => broadcast().announcement({ kind: "show", state }),
      setAtOf: (described) => described.announcement?.setAt ?? null,
    });
  }

  /** The figure of who listens, from the show's uppermost shard. */
  async #audience(id: string, series: boolean): Promise<Response> {
    const figure = await this.#figure(id, series);
    return Response.json(figure, { headers: { "cache-control": brief(5) } });
  }

  /** A show's state, with the count of who listens: pages show both, and need not ask for a second thing. */
  async #status(show: ShowStatus): Promise<Response> {
    const isOn = show.state === "open" || show.state === "live";
    const attended = isOn
      ? await attendance.of(show.id, Date.now(), () => this.#figure(show.id, false))
      : UNCOUNTED;
    const status: Status = { ...show, ...attended };
    return Response.json(status, { headers: { "cache-control": brief(1) } });
  }

  /** What the edge has to know of a recording. */
  async #recording(id: string): Promise<Response> {
    const facts = await recordings.facts(id, this.#sourceOf(id)).catch(unreadable);
    return "kind" in facts ? refuse(facts) : Response.json(facts, { headers: { "cache-control": brief(1) } });
  }

  /** Bytes of a recording, which no cache is to keep: they are of R2, and many. */
  async #stretch(stretch: Stretch): Promise<Response> {
    const waitUntil = (work: Promise<void>) => this.ctx.waitUntil(work);
    const bytes = await recordings.stream(stretch, this.#sourceOf(stretch.id), waitUntil).catch(unreadable);
    if (bytes === null) return refuse(PROBLEMS.otherRecording);
    return "kind" in bytes
      ? refuse(bytes)
      : new Response(bytes, { headers: { "cache-control": "no-store" } });
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

  /** Media that R2 holds; null where it does not, or not yet, and `unknown` where it does not say. */
  async #kept(target: Target): Promise<Response | null | "unknown"> {
    if (target.kind !== "init" && target.kind !== "segment") return null;
    const key =
      target.kind === "init"
        ? keys.init(target.id, target.epoch)
        : keys.segment(target.id, target.epoch, target.msn);
    const object = await withLimit(this.env.MEDIA.get(key), R2_TIMEOUT_MS).catch((error: unknown) => {
      console.warn(`R2 gave nothing for ${key}; the broadcast is asked: ${String(error)}`);
      return "unknown" as const;
    });
    if (object === null || object === "unknown") return object;
    return new Response(object.body, {
      headers: { ...MEDIA_HEADERS, "content-length": String(object.size) },
    });
  }

  /** Asks the Broadcast, and again where it restarts meanwhile: some players stop at the first failed playlist. */
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

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
/** Names are immutable and carry the epoch; an hour is longer than any of them stays in a live playlist. */
const MEDIA_HEADERS = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };

/** Lifetimes as RFC 8216bis appendix B.1 has them for a target duration of 2 s, in whole seconds. */
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
 * A Cache-Control for so many seconds. Without `stale-if-error=0` Workers Cache hands out a stale playlist for as long as the
 * origin fails; a player then waits on it for ever, where an error would have it try again.
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
 * A refusal. A 4xx may be cached for a second, which shields the origin from those who repeat it. A 5xx may not be cached at
 * all: a cache that repeats it makes a moment's failure last.
 */
function refuse({ status, code, message, headers }: Problem): Response {
  const cacheControl = status < 500 ? brief(1) : "no-store";
  return Response.json(
    { error: { code, message } },
    { status, headers: { "cache-control": cacheControl, ...headers } },
  );
}
