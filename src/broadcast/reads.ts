import type { PublicEvents } from "../events.ts";
import { decide, isDelta } from "../hls/directives.ts";
import { mediaPlaylist, multivariantPlaylist } from "../hls/playlist.ts";
import { closingWindow, lastMsn, liveEdgeOf, type Window } from "../hls/window.ts";
import { covers, type LiveEdge, type Place, partsUntil } from "../live-edge.ts";
import type { Directives } from "../media.ts";
import { names, playlistUri, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { ShowStatus } from "../status.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { Doors } from "./doors.ts";
import type { EndedRow, RunningRow } from "./lifecycle.ts";
import { joinParts, type Ring } from "./ring.ts";
import type { Store } from "./store.ts";
import { Waiters } from "./waiters.ts";

/** The answer to a listener's read, before it is a Response. `held` says that it answers a blocking reload. */
export type Read =
  | { readonly kind: "multivariant"; readonly text: string; readonly liveEdge: LiveEdge }
  | { readonly kind: "status"; readonly status: ShowStatus }
  | { readonly kind: "events"; readonly events: PublicEvents }
  | { readonly kind: "playlist"; readonly text: string; readonly held: boolean; readonly liveEdge: LiveEdge }
  | { readonly kind: "media"; readonly bytes: Uint8Array }
  | Problem;

/** What a Broadcast is asked to read. */
export type Readable = Exclude<Target, { kind: "audience" | "recording" | "chapters" }>;

/** What of a show its listeners can read. */
export interface Published {
  readonly row: RunningRow | EndedRow;
  readonly window: Window;
  readonly init: Uint8Array;
  readonly ring: Ring;
}

/**
 * For how long all but the last segment of a show is listed before its list ends: players load it meanwhile. Within the least part
 * target, since the last part has to come within that (RFC 8216bis section 6.2.1).
 */
export const CLOSING_MS = 380;

/** Answers reads from the window, and holds those that ask for what comes next. One rendering serves all who wait. */
export class Reads {
  readonly #store: Store;
  readonly #waiters = new Waiters<Place>();
  readonly #doors = new Doors();
  /** What is listed for a moment in the place of a window that has ended; null before and after that. */
  #closing: { ended: Window | null; listed: Window | null } | null = null;
  #rendered: { window: Window; full: string | null; delta: string | null } | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether somebody waits for what comes next. */
  get areHeld(): boolean {
    return this.#waiters.size > 0;
  }

  /** How the show is, by `status`; who waits for its doors is told when there is a window. */
  async say({ waits }: Extract<Target, { kind: "status" }>, status: () => ShowStatus): Promise<Read> {
    return { kind: "status", status: await this.#doors.tell(waits, status) };
  }

  /** Lets those go whom `window` satisfies, and those whose time is up. */
  wake(window: Window, now: number): void {
    this.#doors.open();
    const liveEdge = liveEdgeOf(window);
    this.#waiters.release((place) => covers(liveEdge, place), now);
  }

  /** Lets all go: their timeline is over, or will not begin. */
  abandon(): void {
    this.#doors.open();
    this.#waiters.releaseAll();
  }

  /** The show has ended: its list does so {@link CLOSING_MS} later. */
  end(): void {
    this.#closing = { ended: null, listed: null };
    this.abandon();
    setTimeout(() => {
      this.#closing = null;
      this.abandon();
    }, CLOSING_MS);
  }

  /** @param published what there is to read when asked; it is asked for again after a wait. Null: no timeline. */
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
      return {
        kind: "multivariant",
        text: multivariant(row, window),
        liveEdge: liveEdgeOf(window),
      };
    }
    if (target.epoch !== window.epoch) return PROBLEMS.otherEpoch;
    const deadline = now + 3_000 * window.profile.targetDuration;
    // While a read waits, another timeline may begin, whose numbers are the same.
    const sameEpoch = () => {
      const later = listed();
      return later?.window.epoch === target.epoch ? later : null;
    };
    switch (target.kind) {
      case "playlist":
        return this.#playlist(target, sameEpoch, deadline);
      case "init":
        return { kind: "media", bytes: current.init };
      case "segment":
        return this.#segment(target.msn, sameEpoch, deadline);
      case "part":
        return this.#part(target, sameEpoch, deadline);
    }
  }

  async #playlist(
    { directives }: Extract<Target, { kind: "playlist" }>,
    published: () => Published | null,
    deadline: number,
  ): Promise<Read> {
    const held = directives.msn !== undefined;
    for (let window = published()?.window; window !== undefined; window = published()?.window) {
      const liveEdge = liveEdgeOf(window);
      const decision = decide(liveEdge, directives);
      if (decision.kind === "reject") return PROBLEMS.tooFarAhead;
      if (decision.kind === "ready") {
        return { kind: "playlist", text: this.#render(window, directives), held, liveEdge };
      }
      if (!(await this.#until(decision.place, deadline))) return PROBLEMS.notInTime;
    }
    return PROBLEMS.otherEpoch;
  }

  /** A finished segment that is kept here; the one being made is waited for, for the same reason as a part. */
  async #segment(msn: number, published: () => Published | null, deadline: number): Promise<Read> {
    const window = published()?.window;
    if (window?.open?.msn === msn && !(await this.#until({ msn }, deadline))) return PROBLEMS.notInTime;
    const now = published()?.window;
    const parts = now !== undefined && msn <= lastMsn(now) ? this.#store.partsOf(msn) : [];
    return parts.length === 0 ? PROBLEMS.noSuchMedia : { kind: "media", bytes: joinParts(parts) };
  }

  /**
   * A part is there, or is soon to be and is waited for, or is no part (RFC 8216bis B.1). Not the hinted one alone is
   * waited for: that a part is not there yet must never be said, or a cache would go on saying so when it is.
   */
  async #part(
    { msn, index }: Extract<Target, { kind: "part" }>,
    published: () => Published | null,
    deadline: number,
  ): Promise<Read> {
    const current = published();
    if (current !== null && isSoon(current.window, msn, index)) {
      if (!(await this.#until({ msn, part: index }, deadline))) return PROBLEMS.notInTime;
    }
    const later = published();
    if (later === null) return PROBLEMS.otherEpoch;
    const bytes = later.ring.part(msn, index) ?? this.#store.partsOf(msn)[index]?.bytes;
    return bytes === undefined ? PROBLEMS.noSuchMedia : { kind: "media", bytes };
  }

  /** What there is to read, its list not ended yet where that has just come. */
  #listed(published: Published | null): Published | null {
    const closing = this.#closing;
    if (closing === null || published?.window.ended !== true) return published;
    const { window } = published;
    if (closing.ended !== window) [closing.ended, closing.listed] = [window, closingWindow(window)];
    return { ...published, window: closing.listed ?? window };
  }

  #until(place: Place, deadline: number): Promise<boolean> {
    return this.#waiters.until(`${place.msn}.${place.part}`, place, deadline);
  }

  #render(window: Window, directives: Directives): string {
    if (this.#rendered?.window !== window) this.#rendered = { window, full: null, delta: null };
    const rendered = this.#rendered;
    if (isDelta(window, directives)) {
      rendered.delta ??= mediaPlaylist(window, names, { skip: true });
      return rendered.delta;
    }
    rendered.full ??= mediaPlaylist(window, names);
    return rendered.full;
  }
}

/** Whether part `msn.index` is to come within a segment's time. */
function isSoon(window: Window, msn: number, index: number): boolean {
  const liveEdge = liveEdgeOf(window);
  const until = partsUntil(liveEdge, { msn, part: index });
  const perSegment = liveEdge.partsPerSegment;
  return !window.ended && index < perSegment && until > 0 && until <= perSegment;
}

function multivariant({ title, bitrate }: Published["row"], { epoch }: Window): string {
  return multivariantPlaylist({ uri: playlistUri(epoch), ...bandwidthOf(bitrate), title });
}
