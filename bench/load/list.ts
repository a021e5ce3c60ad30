/** One thing to fetch and play: a part where parts are listed, else a segment. Times are milliseconds. */
export interface Media {
  readonly name: string;
  /** The date of its first sample, since 1970. */
  readonly at: number;
  readonly duration: number;
}

/** What a player needs of a media playlist. */
export interface List {
  /** Contiguous and in order: whole segments, then the parts of those that list them. */
  readonly media: readonly Media[];
  readonly init: string;
  /** How far from the end a listener joins: PART-HOLD-BACK where there are parts, else HOLD-BACK. */
  readonly holdBack: number;
  readonly targetDuration: number;
  /** Directives for the next blocking reload; null where the server does not offer them. */
  readonly reload: string | null;
  readonly ended: boolean;
}

/** Reads a media playlist; throws where it lacks what a live player can not do without. Shares no code with src/hls. */
export function readList(text: string): List {
  const lines = text.split("\n");
  if (lines[0] !== "#EXTM3U") throw new Error("not a playlist");
  const media: Media[] = [];
  let init = "";
  let control = "";
  let targetDuration = Number.NaN;
  let msn = Number.NaN;
  let at = Number.NaN;
  /** Of the segment being read: its length by EXTINF, its date, and how many parts it has listed. */
  let duration = Number.NaN;
  let began = Number.NaN;
  let parts = 0;
  let ended = false;
  for (const line of lines) {
    if (line.startsWith("#EXT-X-PART:")) {
      const part = { name: attribute(line, "URI"), at, duration: millis(attribute(line, "DURATION")) };
      media.push(part);
      at += part.duration;
      parts++;
    } else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      began = Date.parse(line.slice(25));
      at = began;
    } else if (line.startsWith("#EXTINF:")) {
      duration = millis(line.slice(8));
    } else if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) {
      msn = Number(line.slice(22));
    } else if (line.startsWith("#EXT-X-TARGETDURATION:")) {
      targetDuration = millis(line.slice(22));
    } else if (line.startsWith("#EXT-X-SERVER-CONTROL:")) {
      control = line;
    } else if (line.startsWith("#EXT-X-MAP:")) {
      init = attribute(line, "URI");
    } else if (line === "#EXT-X-ENDLIST") {
      ended = true;
    } else if (line !== "" && !line.startsWith("#")) {
      if (parts === 0) media.push({ name: line, at: began, duration });
      at = began + duration;
      began = at;
      parts = 0;
      msn++;
    }
  }
  if (init === "" || Number.isNaN(targetDuration) || Number.isNaN(msn))
    throw new Error("not a live playlist");
  const hold = attribute(control, "PART-HOLD-BACK") || attribute(control, "HOLD-BACK");
  return {
    media,
    init,
    holdBack: hold === "" ? 3 * targetDuration : millis(hold),
    targetDuration,
    reload: control.includes("CAN-BLOCK-RELOAD=YES") ? `_HLS_msn=${msn}&_HLS_part=${parts}` : null,
    ended,
  };
}

/** The value of an attribute, without its quotes; empty where the tag has none of that name. */
function attribute(tag: string, name: string): string {
  return new RegExp(`[:,]${name}="?([^",]*)`).exec(tag)?.[1] ?? "";
}

function millis(seconds: string): number {
  return Math.round(Number.parseFloat(seconds) * 1_000_000) / 1000;
}
