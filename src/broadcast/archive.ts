import { joinBytes } from "../bytes.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type {
  BlockContents,
  Chapters,
  Plan,
  RecordingAnswer,
  RecordingAsk,
  Segment,
} from "../recording-api.ts";
import { chaptersOf, lengthOf, type Replayed } from "./chapters.ts";
import { replayOf } from "./replay.ts";
import type { ShowRow } from "./show-row.ts";
import type { Store } from "./store.ts";

/** Answers Origin's questions about a show's replay, from which Origin makes the recording and the chapters. */
export class Archive {
  readonly #store: Store;
  /** The plan of an ended show, remembered because its segment index does not change after the end. */
  #plan: { readonly row: ShowRow; readonly plan: Plan } | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Answers one question. @param row the show's present row */
  handle(row: ShowRow, asked: RecordingAsk): RecordingAnswer | Problem {
    switch (asked.kind) {
      case "plan":
        return this.#planOf(row);
      case "page":
        return this.#block(asked.page);
      case "segment":
        return { kind: "segment", bytes: this.#segment(row, asked) };
      case "chapters":
        return this.#chapters(row);
    }
  }

  #planOf(row: ShowRow): Plan | Problem {
    if (row.state !== "ended") return PROBLEMS.recordingNotReady;
    if (this.#plan?.row === row) return this.#plan.plan;
    const timelines = this.#timelines();
    if (timelines.length === 0) return PROBLEMS.nothingRecorded;
    const pages = timelines.flatMap((timeline) => timeline.blocks.map(({ at: _, ...page }) => page));
    const plan: Plan = { kind: "plan", title: row.title, pages, runs: this.#runs(timelines) };
    this.#plan = { row, plan };
    return plan;
  }

  #runs(timelines: readonly Replayed[]): Plan["runs"] {
    let chunks = 0;
    const runs: { first: number; units: number }[] = [];
    for (const { epoch, blocks } of timelines) {
      for (const { first, units } of this.#store.index.runs(epoch, blocks[0]?.msn ?? 0))
        if (runs.at(-1)?.units !== units) runs.push({ first: chunks + first, units });
      chunks += blocks.reduce((sum, block) => sum + block.segments, 0);
    }
    return runs;
  }

  #block(block: Extract<RecordingAsk, { kind: "page" }>["page"]): BlockContents {
    const rows = this.#store.index.block(block);
    return {
      kind: "page",
      segments: rows.map(({ msn, bytes }) => ({ msn, bytes })),
      sizes: joinBytes(rows.map(({ sizes }) => new Uint8Array(sizes))),
    };
  }

  #segment(
    { timeline }: ShowRow,
    { epoch, msn }: Extract<RecordingAsk, { kind: "segment" }>,
  ): Segment["bytes"] {
    if (epoch !== timeline?.epoch) return this.#store.formerMedia(epoch, msn);
    if (msn === null) return this.#store.init();
    const bytes = this.#store.segment(msn);
    return bytes.length === 0 ? null : bytes;
  }

  #chapters(row: ShowRow): Chapters | Problem {
    const timelines = this.#timelines();
    if (timelines.length === 0) return PROBLEMS.noChapters;
    const isWhole = row.state === "ended";
    const chapters = chaptersOf(timelines, this.#store.chapterMarks.all(), row.title, isWhole);
    return { kind: "chapters", chapters, endMs: Math.round(lengthOf(timelines)) };
  }

  #timelines(): Replayed[] {
    const { index } = this.#store;
    return replayOf(index, "live").map(({ epoch, startedAt, firstMsn }) => ({
      epoch,
      startedAt,
      blocks: index.blocks(epoch, firstMsn),
    }));
  }
}
