/** A reader of playlists, as far as tests need it. It shares no code with src/ or with the validator's reader. */

export interface ListedPart {
  readonly name: string;
  readonly msn: number;
  readonly index: number;
  /** Seconds. */
  readonly duration: number;
  /** The date of its first sample, ms since 1970. */
  readonly date: number;
}

export interface Listed {
  readonly text: string;
  /** When the list was read, ms since 1970. */
  readonly readAt: number;
  readonly firstMsn: number;
  /** Segments that a delta update has left out, from the first one on. */
  readonly skipped: number;
  /** The target duration, seconds. */
  readonly target: number;
  readonly init: string | null;
  readonly segments: readonly {
    readonly name: string;
    readonly msn: number;
    readonly duration: number;
    readonly date: number;
  }[];
  readonly parts: readonly ListedPart[];
  readonly hint: string | null;
  readonly ended: boolean;
}

/** Reads a media playlist. */
export function readList(text: string): Listed {
  const firstMsn = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(text)?.[1]);
  const skipped = Number(/^#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)/m.exec(text)?.[1] ?? 0);
  const segments: Listed["segments"][number][] = [];
  const parts: ListedPart[] = [];
  let date = Number.NaN;
  let at = Number.NaN;
  let duration = Number.NaN;
  for (const line of text.split("\n")) {
    const [, dated] = /^#EXT-X-PROGRAM-DATE-TIME:(.+)$/.exec(line) ?? [];
    const [, partDuration, name] = /^#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"/.exec(line) ?? [];
    const [, listedDuration] = /^#EXTINF:([\d.]+),/.exec(line) ?? [];
    if (dated !== undefined) {
      date = Date.parse(dated);
      at = date;
    } else if (partDuration !== undefined && name !== undefined) {
      const msn = firstMsn + skipped + segments.length;
      const index = parts.filter((part) => part.msn === msn).length;
      parts.push({ name, msn, index, duration: Number(partDuration), date: at });
      at += 1000 * Number(partDuration);
    } else if (listedDuration !== undefined) {
      duration = Number(listedDuration);
    } else if (line !== "" && !line.startsWith("#")) {
      segments.push({ name: line, msn: firstMsn + skipped + segments.length, duration, date });
    }
  }
  const hint = /^#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"$/m.exec(text)?.[1] ?? null;
  const target = Number(/^#EXT-X-TARGETDURATION:(\d+)$/m.exec(text)?.[1]);
  const init = /^#EXT-X-MAP:URI="([^"]+)"/m.exec(text)?.[1] ?? null;
  const ended = /^#EXT-X-ENDLIST$/m.test(text);
  return { text, readAt: Date.now(), firstMsn, skipped, target, init, segments, parts, hint, ended };
}

/** The URI of the media playlist in a multivariant playlist, the last if there are several; empty where there is none. */
export function variantOf(multivariant: string): string {
  return multivariant.split("\n").findLast((line) => line !== "" && !line.startsWith("#")) ?? "";
}
