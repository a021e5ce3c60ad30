import { Bounded } from "../bounded.ts";
import { accessUnitBytes } from "../hls/moof.ts";
import { descriptionIn, type Filling, type Layout, layOut, offsetsOf, sizesOf } from "../hls/movie.ts";
import { type Place, Places, withTimeout } from "../limit.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { keys } from "../r2-keys.ts";
import type {
  BlockContents,
  Chapters,
  Plan,
  RecordingAnswer,
  RecordingApi,
  RecordingAsk,
  RecordingFacts,
  SegmentBlock,
} from "../recording-api.ts";
import { type ByteRange, LOST_MS, lastInCall, lengthOfBlock, MOST_DOWNLOADS } from "../recording-range.ts";
import { retried } from "./retry.ts";

/** How many segments are fetched at a time, the one being sent included: R2 takes some 50 ms for each. */
const AHEAD = 4;
/** Timeout for reading a segment from R2, ms; after it the Broadcast is asked. */
const R2_TIMEOUT_MS = 3_000;
/** How often a segment that neither R2 nor the Broadcast has is requested before the response breaks off; delay between, ms. */
const ATTEMPTS = 5;
const RETRY_DELAY_MS = 1_000;
/** How many recordings' layouts an isolate caches; a day-long show's layout takes some 10 KB. */
const MAX_LAYOUTS = 100;

/** The data from which a recording's bytes are made. */
interface Made {
  readonly kind: "made";
  readonly plan: Plan;
  readonly layout: Layout;
  readonly facts: RecordingFacts;
}

/** The recordings of ended shows. A recording's bytes are made while they are sent. One instance per isolate. */
export class Recordings {
  /** By broadcast and validator. The same validator means the same layout. */
  readonly #known = new Bounded<string, Made>(MAX_LAYOUTS);
  /** Other isolates' edges may ask this one too, so it has its own limit. */
  readonly #places = new Places(MOST_DOWNLOADS, LOST_MS);

  /** Returns the facts about a broadcast's recording: its length, validator and title. */
  async facts(id: string, source: Source): Promise<RecordingFacts | Problem> {
    const made = await this.#make(id, source);
    return made.kind === "problem" ? made : made.facts;
  }

  /**
   * Returns a stretch of the file as a stream, or as much of its beginning as one call can read ({@link lastInCall}). It takes
   * little memory however slowly it is read, and stops when its reader goes away. A problem where the recording has changed
   * meanwhile, or has no such bytes, or too many are being sent.
   *
   * @param waitUntil has the runtime keep the isolate running until the stretch is sent
   */
  async stream(
    { id, etag, first, last }: ByteRange,
    source: Source,
    waitUntil: (work: Promise<void>) => void,
  ): Promise<{ readonly kind: "stretch"; readonly bytes: ReadableStream } | Problem> {
    const made = this.#known.get(`${id} ${etag}`) ?? (await this.#make(id, source));
    if (made.kind === "problem") return made;
    if (made.facts.etag !== etag || first > last || last >= made.facts.length) return PROBLEMS.otherRecording;
    const place = this.#places.take(Date.now());
    if (place === null) return PROBLEMS.tooManyDownloads;
    const end = Math.min(last, lastInCall(made.plan, made.layout, first));
    const pipe = new FixedLengthStream(end - first + 1);
    const pumped = pump(bytesOf(made, first, end, source), pipe.writable, id, place);
    waitUntil(pumped.finally(() => this.#places.leave(place)));
    return { kind: "stretch", bytes: pipe.readable };
  }

  async #make(id: string, source: Source): Promise<Made | Problem> {
    const plan = await source.plan();
    if (plan.kind === "problem") return plan;
    const [first] = plan.pages;
    if (first === undefined) throw new Error(`the recording of ${id} has no segments`);
    const layout = layOut({
      units: sum(plan.pages, "units"),
      bytes: sum(plan.pages, "bytes"),
      chunks: sum(plan.pages, "segments"),
      runs: plan.runs,
      description: descriptionIn(await source.segment(first.epoch, null)),
      title: plan.title,
    });
    const facts = { length: layout.length, etag: await etagOf(plan, layout), title: plan.title };
    const made: Made = { kind: "made", plan, layout, facts };
    this.#known.set(`${id} ${facts.etag}`, made);
    return made;
  }
}

/** Provides the data that a recording is made from. */
export interface Source {
  plan(): Promise<Plan | Problem>;
  /** Rejects where the block cannot be read. */
  block(page: SegmentBlock): Promise<BlockContents>;
  /** Returns a segment, or an init segment (`msn` null). Rejects where neither R2 nor the Broadcast has it. */
  segment(epoch: string, msn: number | null): Promise<Uint8Array>;
}

/** Reads from R2, and from the Broadcast what R2 does not have, or not yet. */
export class StoredRecording implements Source {
  readonly #id: string;
  readonly #bucket: R2Bucket;
  readonly #broadcast: () => RecordingApi;

  /** @param broadcast makes the Broadcast's stub, anew for each call: a stub that has failed once fails for good */
  constructor(id: string, bucket: R2Bucket, broadcast: () => RecordingApi) {
    this.#id = id;
    this.#bucket = bucket;
    this.#broadcast = broadcast;
  }

  async plan(): Promise<Plan | Problem> {
    const answer = await this.#ask({ kind: "plan" });
    return answer.kind === "problem" ? answer : expected(answer, "plan");
  }

  async chapters(): Promise<Chapters | Problem> {
    const answer = await this.#ask({ kind: "chapters" });
    return answer.kind === "problem" ? answer : expected(answer, "chapters");
  }

  async block(block: SegmentBlock): Promise<BlockContents> {
    return expected(await this.#ask({ kind: "page", page: block }), "page");
  }

  async segment(epoch: string, msn: number | null): Promise<Uint8Array> {
    const key = msn === null ? keys.init(this.#id, epoch) : keys.segment(this.#id, epoch, msn);
    for (let left = ATTEMPTS; ; left--) {
      const bytes = (await this.#kept(key)) ?? (await this.#waiting(epoch, msn));
      if (bytes !== null) return bytes;
      if (left === 1) throw new Error(`neither R2 nor the broadcast gives ${key}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }

  /** Reads from R2; null where it has nothing or does not answer. */
  async #kept(key: string): Promise<Uint8Array | null> {
    const read = async () => {
      const object = await this.#bucket.get(key);
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    };
    return withTimeout(read(), R2_TIMEOUT_MS).catch((error: unknown) => {
      console.warn(`R2 gave nothing for ${key}; the broadcast is asked: ${String(error)}`);
      return null;
    });
  }

  async #waiting(epoch: string, msn: number | null): Promise<Uint8Array | null> {
    return expected(await this.#ask({ kind: "segment", epoch, msn }), "segment").bytes;
  }

  #ask(asked: RecordingAsk): Promise<RecordingAnswer | Problem> {
    return retried(() => this.#broadcast().recording(asked));
  }
}

function expected<Kind extends RecordingAnswer["kind"]>(
  answer: RecordingAnswer | Problem,
  kind: Kind,
): Extract<RecordingAnswer, { kind: Kind }> {
  if (answer.kind !== kind) throw new Error(answer.kind === "problem" ? answer.message : `not a ${kind}`);
  return answer as Extract<RecordingAnswer, { kind: Kind }>;
}

/** Sends bytes as fast as the reader takes them. It stops when the reader goes away; an error breaks the response off. */
async function pump(
  bytes: AsyncGenerator<Uint8Array>,
  writable: WritableStream,
  id: string,
  place: Place,
): Promise<void> {
  const writer = writable.getWriter();
  let isGone = false;
  try {
    for await (const chunk of bytes) {
      await writer.write(chunk).catch((error: unknown) => {
        isGone = true;
        throw error;
      });
      place.usedAt = Date.now();
    }
    await writer.close();
  } catch (error) {
    if (!isGone) console.warn(`The recording of ${id} breaks off: ${String(error)}`);
    await writer.abort(error).catch(() => {});
  }
}

/** Yields the bytes of the file from `first` to `last`, in chunks of at most 200 KB. */
async function* bytesOf(
  { plan, layout }: Made,
  first: number,
  last: number,
  source: Source,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const piece of layout.pieces) {
    const end = at + piece.length;
    if (at <= last && end > first) {
      const filled =
        "filling" in piece ? filling(piece.filling, at, { plan, layout, first, last, source }) : [piece];
      let from = at;
      for await (const chunk of filled) {
        if (typeof chunk === "number") from = chunk;
        else {
          const cut = chunk.subarray(Math.max(0, first - from), Math.max(0, last + 1 - from));
          if (cut.length > 0) yield cut;
          from += chunk.length;
        }
      }
    }
    at = end;
  }
}

interface Wanted extends Pick<Made, "plan" | "layout"> {
  readonly first: number;
  readonly last: number;
  readonly source: Source;
}

/** Yields the wanted content of a gap in the layout that begins at `at`: the position of a chunk, then the chunk, and so on. */
async function* filling(kind: Filling, at: number, wanted: Wanted): AsyncGenerator<Uint8Array | number> {
  const { plan, layout, first, last, source } = wanted;
  let mediaAt = layout.mediaAt;
  for (const block of plan.pages) {
    const length = lengthOfBlock(kind, block, layout);
    if (at <= last && at + length > first) {
      const { segments, sizes } = await source.block(block);
      if (segments.length !== block.segments) throw new Error("the index has changed");
      yield at;
      if (kind === "sizes") yield sizesOf(sizes);
      else if (kind === "media") yield* media(block.epoch, segments, at, wanted);
      else {
        const lengths = segments.map(({ bytes }) => bytes);
        yield offsetsOf(lengths, mediaAt, layout.offsetBytes);
      }
    }
    at += length;
    mediaAt += block.bytes;
  }
}

/** Yields the media of a page's segments, the first of which begins at `at`. Segments are fetched ahead. */
async function* media(
  epoch: string,
  segments: BlockContents["segments"],
  at: number,
  { first, last, source }: Wanted,
): AsyncGenerator<Uint8Array | number> {
  const due = segments.flatMap(({ msn, bytes }) => {
    const begin = at;
    at += bytes;
    return begin <= last && at > first ? [{ msn, bytes, begin }] : [];
  });
  const coming: Promise<Uint8Array>[] = [];
  for (const [index, { msn, bytes, begin }] of due.entries()) {
    for (const next of due.slice(index + coming.length, index + AHEAD)) {
      const fetched = source.segment(epoch, next.msn);
      // If the reader goes away nothing awaits this promise, and its rejection would count as unhandled.
      fetched.catch(() => {});
      coming.push(fetched);
    }
    const units = accessUnitBytes((await coming.shift()) ?? new Uint8Array(0));
    if (units.length !== bytes) throw new Error(`segment ${msn} has ${units.length} bytes, not ${bytes}`);
    yield begin;
    yield units;
  }
}

/** Returns the validator: a hash of the file's head and of the list of blocks. */
async function etagOf({ pages: blocks }: Plan, { pieces, length }: Layout): Promise<string> {
  const text = JSON.stringify([
    length,
    blocks,
    pieces.map((piece) => ("filling" in piece ? piece : [...piece])),
  ]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sum(blocks: readonly SegmentBlock[], field: "units" | "bytes" | "segments"): number {
  return blocks.reduce((total, block) => total + block[field], 0);
}
