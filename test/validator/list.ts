/** A reader of playlists that shares no code with the writer. Durations are integers of nanoseconds. */

export interface Part {
  readonly uri: string;
  readonly duration: bigint;
  readonly text: string;
  readonly attributes: Attributes;
}

export interface Segment {
  readonly msn: number;
  /** Empty for the open segment, whose parts come after the last whole one. */
  readonly uri: string;
  readonly duration: bigint;
  readonly text: string;
  readonly date: string | undefined;
  /** Whether a date came after the segment's first part. */
  readonly lateDate: boolean;
  readonly parts: readonly Part[];
  /** Whether another timeline begins with this segment. */
  readonly discontinuous: boolean;
  readonly gap: boolean;
}

export type Attributes = ReadonlyMap<string, string>;

export interface MediaList {
  /** The list's URL without its query (`path`) and with it (`url`). */
  readonly path: string;
  readonly url: string;
  readonly at: number;
  readonly lines: readonly string[];
  /** The values of each tag that does not belong to a segment. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly firstMsn: number;
  readonly skipped: number;
  readonly target: number;
  readonly partTarget: string | undefined;
  readonly control: Attributes;
  readonly segments: readonly Segment[];
  readonly open: Segment | undefined;
  readonly hints: readonly Attributes[];
  readonly dateRanges: readonly Attributes[];
  readonly ended: boolean;
  /** Lines that no tag of a list explains. */
  readonly strange: readonly string[];
}

const SEGMENT_TAGS = new Set([
  "EXTINF",
  "EXT-X-PROGRAM-DATE-TIME",
  "EXT-X-PART",
  "EXT-X-DISCONTINUITY",
  "EXT-X-GAP",
]);

export function readList(text: string, url: string, at: number): MediaList {
  const lines = text.split(/\r?\n/);
  const tags = new Map<string, string[]>();
  const segments: Segment[] = [];
  const strange: string[] = [];
  let parts: Part[] = [];
  let date: string | undefined;
  let lateDate = false;
  let duration: string | undefined;
  let [discontinuous, gap] = [false, false];
  const tag = (name: string) => tags.get(name)?.[0];
  const number = (name: string) => Number(tag(name) ?? 0);
  const skipped = () => Number(attributes(tag("EXT-X-SKIP") ?? "").get("SKIPPED-SEGMENTS") ?? 0);
  const take = (uri: string): Segment => {
    const msn = number("EXT-X-MEDIA-SEQUENCE") + skipped() + segments.length;
    const told = { date, lateDate, parts, discontinuous, gap };
    const segment = { msn, uri, duration: nanos(duration ?? "0"), text: duration ?? "", ...told };
    [parts, date, lateDate, duration] = [[], undefined, false, undefined];
    [discontinuous, gap] = [false, false];
    return segment;
  };
  for (const line of lines) {
    if (line === "") continue;
    const match = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/.exec(line);
    if (match === null) {
      if (line.startsWith("#")) continue;
      if (duration === undefined) strange.push(line);
      else segments.push(take(resolve(line, url)));
      continue;
    }
    const [, name = "", value = ""] = match;
    if (!SEGMENT_TAGS.has(name)) tags.set(name, [...(tags.get(name) ?? []), value]);
    discontinuous ||= name === "EXT-X-DISCONTINUITY";
    gap ||= name === "EXT-X-GAP";
    if (name === "EXTINF") duration = value.split(",")[0] ?? "";
    if (name === "EXT-X-PROGRAM-DATE-TIME") {
      date = value;
      lateDate ||= parts.length > 0;
    }
    if (name === "EXT-X-PART") parts.push(partOf(value, url));
  }
  const open = parts.length > 0 || date !== undefined || duration !== undefined ? take("") : undefined;
  return {
    path: pathOf(url),
    url,
    at,
    lines,
    tags,
    firstMsn: number("EXT-X-MEDIA-SEQUENCE"),
    skipped: skipped(),
    target: number("EXT-X-TARGETDURATION"),
    partTarget: attributes(tag("EXT-X-PART-INF") ?? "").get("PART-TARGET"),
    control: attributes(tag("EXT-X-SERVER-CONTROL") ?? ""),
    segments,
    open,
    hints: (tags.get("EXT-X-PRELOAD-HINT") ?? []).map(attributes),
    dateRanges: (tags.get("EXT-X-DATERANGE") ?? []).map(attributes),
    ended: tags.has("EXT-X-ENDLIST"),
    strange,
  };
}

function partOf(value: string, url: string): Part {
  const given = attributes(value);
  const text = given.get("DURATION") ?? "";
  return { uri: resolve(given.get("URI") ?? "", url), duration: nanos(text), text, attributes: given };
}

/** Reads an attribute list; quotes are removed. */
export function attributes(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)/g)) {
    found.set(name, value.replace(/^"(.*)"$/, "$1"));
  }
  return found;
}

/** Decimal seconds as nanoseconds; -1, which no rule accepts, for anything else. */
export function nanos(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  return match === null ? -1n : BigInt(`${match[1]}${(match[2] ?? "").padEnd(9, "0")}`);
}

/** A URI as an absolute URL without its query: the name of a resource, whatever tokens the query carries. */
export function resolve(uri: string, base: string): string {
  return pathOf(new URL(uri, base).href);
}

export function pathOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
