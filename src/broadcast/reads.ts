import type { PublicEvents } from "../events.ts";
import { decide } from "../hls/directives.ts";
import { mediaPlaylist, multivariantPlaylist } from "../hls/playlist.ts";
import { closingWindow, lastMsn, liveEdgeOf, type Window } from "../hls/window.ts";
import {
  covers,
  firstPublished,
  isDelta,
  isFormer,
  isSoon,
  type LiveEdge,
  type Position,
} from "../live-edge.ts";
import { type Choice, names, playlistUri, type ReplayFrom, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import { lists } from "../r2-keys.ts";
import type { ShowStatus } from "../status.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { Doors } from "./doors.ts";
import { Rewinds } from "./rewinds.ts";
import { joinParts, type Ring } from "./ring.ts";
import type { EndedRow, RunningRow } from "./show-row.ts";
import type { Store } from "./store.ts";
import { Waiters } from "./waiters.ts";

/** The answer to a listener's read, before it becomes a Response. `held`: it answers a blocking playlist reload. */
export type Read =
  | { readonly kind: "multivariant"; readonly text: string; readonly liveEdge: LiveEdge }
  | { readonly kind: "status"; readonly status: ShowStatus }
  | { readonly kind: "events"; readonly events: PublicEvents }
  | { readonly kind: "playlist"; readonly text: string; readonly held: boolean; readonly liveEdge: LiveEdge }
  | { readonly kind: "media"; readonly bytes: Uint8Array }
  | Problem;

/** The targets that a Broadcast reads. */
export type Readable = Exclude<Target, { kind: "audience" | "recording" | "chapters" }>;

/** What listeners can read of a show. */
export interface Published {
  readonly row: RunningRow | EndedRow;
  readonly window: Window;
  /** Null if only R2 has it. */
  readonly init: Uint8Array | null;
  readonly ring: Ring;
}

/** What decides about requests that wait for a timeline's parts. */
interface Waited {
  readonly window: Window;
  /** When the newest part ends, ms since 1970: at most a target duration ago, unless the timeline is behind. */
  readonly listedUntil: number;
}

/**
 * How long an ended show's list stays open with all but its last segment, ms, so that players load that media. It is below the
 * shortest part target, because the last part has to come within the part target (RFC 8216bis section 6.2.1).
 */
export const CLOSING_MS = 380;

/** Answers reads from the window, and holds those for media that is still to come. Held reads share one rendering. */
export class Reads {
  readonly #store: Store;
  readonly #lifeboatUrl: string | null;
  readonly #waiters = new Waiters<Position>();
  readonly #doors = new Doors();
  /** For {@link CLOSING_MS} after the end: the ended window, and what is listed in its place. Null before and after that. */
  #closing: { ended: Window | null; listed: Window | null } | null = null;
  readonly #rewinds: Rewinds;
  #rendered: { readonly window: Window; readonly text: string } | null = null;

  /** @param lifeboatUrl where the copy is served; null: nowhere */
  constructor(store: Store, lifeboatUrl: string | null) {
    this.#store = store;
    this.#lifeboatUrl = lifeboatUrl;
    this.#rewinds = new Rewinds(store.index);
  }

  /** Whether a request is held. */
  get areHeld(): boolean {
    return this.#waiters.size > 0;
  }

  /** Whether somebody plays a rewind list: then no segment may be taken out of it. */
  get isRewindListInUse(): boolean {
    return this.#rewinds.isAskedFor;
  }

  /** Returns the show's status. A request that waits for the doors is held until there is a window, 12 s at most. */
  async status({ waits }: Extract<Target, { kind: "status" }>, status: () => ShowStatus): Promise<Read> {
    return { kind: "status", status: await this.#doors.tell(waits, status) };
  }

  /**
   * Releases the requests that the timeline's window satisfies, and those past their deadline. No deadline passes while the
   * timeline catches up because its clock was set forward or its machine slept: that media is listed within a second.
   */
  wake({ window, listedUntil }: Waited, now: number): void {
    this.#doors.open();
    const liveEdge = liveEdgeOf(window);
    const reached = listedUntil + 1_000 * (window.profile.targetDuration + 1);
    this.#waiters.release((position) => covers(liveEdge, position), Math.min(now, reached));
    this.#rewinds.forgetIdle(now);
  }

  /** Releases all requests: their timeline is over, or will not begin. */
  abandon(): void {
    this.#doors.open();
    this.#waiters.releaseAll();
  }

  /** Notes that the show has ended; its list ends {@link CLOSING_MS} later. */
  end(): void {
    this.#closing = { ended: null, listed: null };
    this.abandon();
    setTimeout(() => {
      this.#closing = null;
      this.abandon();
    }, CLOSING_MS);
  }

  /** @param published returns what there is to read, null: no timeline; called again after a wait */
  async read(
    target: Exclude<Readable, { kind: "status" | "events" }>,
    published: () => Published | null,
    now: number,
  ): Promise<Read> {
    const listed = () => this.#listed(published());
    const current = listed();
    if (current === null) return PROBLEMS.notStarted;
    const { row, window } = current;
    if (target.kind === "multivariant") {
      const rewinds = this.#rewindsFor(current, target, now);
      return {
        kind: "multivariant",
        text: multivariant(row, window, rewinds, target.lifeboat ? this.#lifeboatUrl : null),
        liveEdge: this.#edgeOf(window),
      };
    }
    if (target.epoch !== window.epoch) return this.#former(target, this.#edgeOf(window));
    const deadline = now + 3_000 * window.profile.targetDuration;
    // While a read waits, another timeline may begin, and have the number that the read waits for.
    const sameEpoch = () => {
      const later = listed();
      return later?.window.epoch === target.epoch ? later : null;
    };
    switch (target.kind) {
      case "playlist":
      case "rewind":
        return this.#playlist(target, sameEpoch, { now, deadline });
      case "init":
        return current.init === null ? PROBLEMS.noSuchMedia : { kind: "media", bytes: current.init };
      case "segment":
        return this.#segment(target.msn, sameEpoch, deadline);
      case "part":
        return this.#part(target, sameEpoch, deadline);
    }
  }

  async #playlist(
    target: Extract<Target, { kind: "playlist" | "rewind" }>,
    published: () => Published | null,
    { now, deadline }: { now: number; deadline: number },
  ): Promise<Read> {
    const { directives } = target;
    const held = directives.msn !== undefined;
    for (let window = published()?.window; window !== undefined; window = published()?.window) {
      const liveEdge = this.#edgeOf(window);
      const past = target.kind === "rewind" ? this.#rewinds.past(window, target.from, now) : null;
      if (target.kind === "rewind" && past === null && covers(liveEdge, firstPublished(liveEdge)))
        return PROBLEMS.noReplay;
      const firstMsn = Math.max(liveEdge.firstMsn, past?.timelineFirst ?? 0);
      const decision = decide({ ...liveEdge, firstMsn }, directives);
      if (decision.kind === "reject") return PROBLEMS.tooFarAhead;
      if (decision.kind === "ready")
        return { kind: "playlist", text: this.#render(window, target), held, liveEdge };
      if (!(await this.#until(decision.position, deadline))) return PROBLEMS.notInTime;
    }
    return PROBLEMS.otherEpoch;
  }

  /** Returns media of an earlier timeline that R2 does not have yet. */
  #former(target: Extract<Target, { epoch: string }>, edge: LiveEdge): Read {
    if (!isFormer(edge, target)) return PROBLEMS.otherEpoch;
    const bytes = this.#store.formerMedia(target.epoch, target.kind === "init" ? null : target.msn);
    return bytes === null ? PROBLEMS.noSuchMedia : { kind: "media", bytes };
  }

  /** Returns a finished segment from the store. Waits for the one being made, for the same reason as for a part. */
  async #segment(msn: number, published: () => Published | null, deadline: number): Promise<Read> {
    const window = published()?.window;
    if (window?.open?.msn === msn && !(await this.#until({ msn }, deadline))) return PROBLEMS.notInTime;
    const now = published()?.window;
    if (now === undefined || msn > lastMsn(now)) return PROBLEMS.noSuchMedia;
    const parts = this.#store.partsOf(msn);
    // If the doors were closed when the show ended, media that R2 does not have has been set aside.
    const bytes = parts.length > 0 ? joinParts(parts) : this.#store.formerMedia(now.epoch, msn);
    return bytes === null ? PROBLEMS.noSuchMedia : { kind: "media", bytes };
  }

  /**
   * Returns a part, waiting for it if it is due soon; refuses any other (RFC 8216bis B.1). It waits not only for the hinted
   * part: the answer "not there yet" must never be given, or a cache would go on giving it once the part is there.
   */
  async #part(
    { msn, index }: Extract<Target, { kind: "part" }>,
    published: () => Published | null,
    deadline: number,
  ): Promise<Read> {
    const current = published();
    const place = { msn, part: index };
    if (current !== null && isSoon(liveEdgeOf(current.window), place)) {
      if (!(await this.#until(place, deadline))) return PROBLEMS.notInTime;
    }
    const later = published();
    if (later === null) return PROBLEMS.otherEpoch;
    const bytes = later.ring.part(msn, index) ?? this.#store.partsOf(msn)[index]?.bytes;
    return bytes === undefined ? PROBLEMS.noSuchMedia : { kind: "media", bytes };
  }

  /** Returns what there is to read. Just after the show's end, the list has not ended yet ({@link CLOSING_MS}). */
  #listed(published: Published | null): Published | null {
    const closing = this.#closing;
    if (closing === null || published?.window.ended !== true) return published;
    const { window } = published;
    if (closing.ended !== window) [closing.ended, closing.listed] = [window, closingWindow(window)];
    return { ...published, window: closing.listed ?? window };
  }

  #until(position: Position, deadline: number): Promise<boolean> {
    return this.#waiters.until(`${position.msn}.${position.part}`, position, deadline);
  }

  #render(window: Window, target: Extract<Target, { kind: "playlist" | "rewind" }>): string {
    if (target.kind === "rewind") {
      const { from, directives } = target;
      return this.#rewinds.render(
        window,
        from,
        isDelta(this.#rewinds.skippedUntil(window, from), directives),
      );
    }
    if (this.#rendered?.window !== window) this.#rendered = { window, text: mediaPlaylist(window, names) };
    return this.#rendered.text;
  }

  #edgeOf(window: Window): LiveEdge {
    return liveEdgeOf(window, this.#rewinds.former(window));
  }

  /** Returns the rewind list that a player with this choice gets; null: the live list. An ended show is its own replay. */
  #rewindsFor({ row, window }: Published, { dvr, from }: Choice, now: number): ReplayFrom | null {
    const isReady = (of: ReplayFrom) => this.#rewinds.isReady(window, of, now);
    const wanted = from ?? "live";
    if (window.ended) return isReady(wanted) ? wanted : null;
    if (dvr === undefined || row.state === "ended") return null;
    return isReady(wanted) ? wanted : "open";
  }
}

/** @param lifeboatUrl base URL of the copy that the playlist names as well; null: it names no copy */
function multivariant(
  { id, title, bitrate }: Published["row"],
  { epoch, ended }: Window,
  rewinds: ReplayFrom | null,
  lifeboatUrl: string | null,
): string {
  const uri = playlistUri(epoch, rewinds);
  const copy = ended && rewinds !== null ? lists.replay(id) : lists.timeline(id, epoch);
  // The copy of an ended show begins with its first host, so it is no copy of a replay that begins before that.
  const hasCopy = lifeboatUrl !== null && !(ended && rewinds === "open");
  const redundant = hasCopy ? { redundantUri: `${lifeboatUrl}/${copy}` } : {};
  return multivariantPlaylist({ uri, ...bandwidthOf(bitrate), title, ...redundant });
}
