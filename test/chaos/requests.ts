import { random } from "../kit/random.ts";

/** The show under attack. */
export interface TargetShow {
  readonly host: string;
  readonly id: string;
  readonly epoch: string;
  /** The date of the show's first sample, ms since 1970. */
  readonly startedAt: number;
}

/** Draws one kind of attack request, as bytes, from a seeded source. */
export type Draw = (target: TargetShow, dice: Dice) => string;

/** Seeded choices. */
export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** An integer from 0 to `count - 1`. */
  below(count: number): number {
    return this.#next() % count;
  }

  /** Returns true in `percent` of 100 calls. */
  chance(percent: number): boolean {
    return this.#next() < percent * (2 ** 32 / 100);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  letters(count: number): string {
    return Array.from({ length: count }, () => ALPHABET[this.below(ALPHABET.length)]).join("");
  }
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Ids of the right form with a forged check, in front of every kind of name. */
export const forgedIds: Draw = ({ host, id, epoch }, dice) => {
  const slug = dice.chance(30) ? id.replace(/-\w+$/, "") : dice.letters(1 + dice.below(40));
  const name = dice.pick([
    "index.m3u8",
    "status.json",
    "audience.json",
    "events.json",
    `${epoch}/audio.m3u8`,
    `${epoch}/s${dice.below(9)}.m4s`,
  ]);
  return get(host, `/live/${slug}-${dice.letters(6)}/${name}`);
};

/** One object under ever new URLs: each request has another query. */
export const junkQueries: Draw = ({ host, id, epoch }, dice) =>
  get(host, `/live/${id}/${epoch}/audio.m3u8?${dice.letters(12)}=${dice.letters(8)}`);

/** Parts and segments that are long gone or far in the future: by up to an hour, and up to the largest numbers. */
export const farMedia: Draw = ({ host, id, epoch }, dice) => {
  const far = dice.pick([
    () => 2_000 + dice.below(2_000),
    () => 10 ** (4 + dice.below(6)),
    () => 4_294_967_295 + dice.below(3),
    () => 9_999_999_999 - dice.below(5),
  ])();
  const name = dice.pick([
    `p${far}.${dice.below(3)}.m4s`,
    `p${dice.below(3)}.${3 + dice.below(997)}.m4s`,
    `s${far}.m4s`,
    `p0.${dice.below(1_000)}.m4s`,
  ]);
  return get(host, `/live/${id}/${epoch}/${name}`);
};

/** Playlists just beyond what may be waited for, by the newest playlist: each is a 400 at first, and exists later. */
export const outOfReach: Draw = (target, dice) => {
  const live = Math.floor((Date.now() - target.startedAt) / 1_920);
  const directives = dice.pick([
    `_HLS_msn=${live + 1}&_HLS_part=${3 + dice.below(1_000_000)}`,
    `_HLS_msn=${live + 1}&_HLS_part=2`,
    `_HLS_msn=${live + 2}`,
    `_HLS_msn=${live + 2}&_HLS_part=${dice.below(4)}`,
    `_HLS_msn=${live + 3 + dice.below(1_000_000)}`,
  ]);
  return get(target.host, `/live/${target.id}/${target.epoch}/audio.m3u8?${directives}`);
};

/**
 * Malformed directives, methods, ranges and validators. OPTIONS (204) and a range beyond the end (416) are left out:
 * their answers are not among those allowed in this attack, and they have tests of their own.
 */
export const directives: Draw = (target, dice) => {
  const { host, id } = target;
  const method = dice.chance(90) ? "GET" : dice.pick(["HEAD", "HEAD", "POST", "PUT", "DELETE", "PATCH"]);
  const epoch = dice.chance(96)
    ? target.epoch
    : dice.pick(["k0000000", "zzzzzzzzzzzz", "0", "..", "KZ", "%00"]);
  const name = dice.chance(85)
    ? `${epoch}/audio.m3u8`
    : dice.pick([
        "index.m3u8",
        "status.json",
        "audience.json",
        "events.json",
        "events.JSON",
        "Index.m3u8",
        "audience.json/",
        `${epoch}/init.mp4`,
        `${epoch}/AUDIO.m3u8`,
        `${epoch}/audio.m3u8/`,
        `${epoch}//audio.m3u8`,
        `${epoch}/s${number(target, dice)}.m4s`,
        `${epoch}/p${number(target, dice)}.${dice.below(5)}.m4s`,
        `${epoch}/./init.mp4`,
        `${epoch}/%61udio.m3u8`,
      ]);
  const terms = Array.from({ length: dice.below(6) }, () => term(target, dice));
  const query =
    terms.length === 0 ? dice.pick(["", "?", "??"]) : `?${terms.join(dice.pick(["&", "&", "&&", ";"]))}`;
  const headers: string[] = [];
  if (dice.chance(10)) headers.push(`Range: ${range(dice)}`);
  if (dice.chance(10)) headers.push(`If-None-Match: ${dice.pick(["*", '"x"', 'W/"x"', "x", ', ,"', "W/*"])}`);
  if (dice.chance(60))
    headers.push(`Accept-Encoding: ${dice.pick(["gzip", "gzip", "br, gzip;q=0.5", "*;q=0", "gzip;q=x"])}`);
  if (method !== "GET" && method !== "HEAD") headers.push("Content-Length: 0");
  return written(method, host, `/live/${id}/${name}${query}`, headers);
};

/** A request with `bytes` of headers besides its first lines, in one header or in many. */
export function headerFlood(target: TargetShow, bytes: number, isOne: boolean): string {
  const path = `/live/${target.id}/${target.epoch}/audio.m3u8`;
  if (isOne) return written("GET", target.host, path, [`X-Flood: ${"x".repeat(bytes - 11)}`]);
  const lines = Array.from(
    { length: Math.ceil(bytes / 32) },
    (_, n) => `X-${String(n).padStart(6, "0")}: ${"y".repeat(20)}`,
  );
  return written("GET", target.host, path, lines);
}

export function get(host: string, path: string): string {
  return written("GET", host, path, ["Accept-Encoding: gzip"]);
}

function written(method: string, host: string, target: string, headers: readonly string[]): string {
  return [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers, "", ""].join("\r\n");
}

function term(target: TargetShow, dice: Dice): string {
  const key = dice.chance(70)
    ? dice.pick(["_HLS_msn", "_HLS_msn", "_HLS_part"])
    : dice.pick([
        "_HLS_skip",
        "_hls_msn",
        "%5FHLS_msn",
        "_HLS_msn%20",
        "l",
        "junk",
        "",
        "_HLS_push",
        "__proto__",
      ]);
  if (dice.chance(5)) return key;
  if (key === "_HLS_skip") return `${key}=${dice.pick(["YES", "v2", "NO", "yes", ""])}`;
  return `${key}=${number(target, dice)}`;
}

/**
 * A number for a directive: now and then one that can be waited for, mostly one that exists already or no number at
 * all.
 */
function number(target: TargetShow, dice: Dice): string {
  const live = Math.floor((Date.now() - target.startedAt) / 1_920);
  if (dice.chance(3)) return String(live + dice.below(3));
  if (dice.chance(50)) return String(Math.max(0, live - 2 - dice.below(20)));
  return dice.pick([
    "0",
    "1",
    "2",
    String(live + 3 + dice.below(100)),
    `00${live - 3}`,
    "999999999999999",
    "9999999999999999",
    "9".repeat(400),
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "",
    "%20",
    "%",
    "%zz",
    "%00",
    "%E2%82%AC",
    "\u00e9",
    "1%0d%0aX-Evil:1",
    "1,2",
    "[]",
    "<script>",
    "\\",
    "'",
    "l=1",
    "٣",
  ]);
}

/** Ranges that a body of one byte satisfies, and invalid ranges (RFC 9110 section 14.1.2). */
function range(dice: Dice): string {
  return dice.pick([
    "bytes=0-",
    "bytes=0-0",
    "bytes=-1",
    "bytes=-99999999999999999999",
    "bytes=0-99999999999999999999",
    "bytes=9-5",
    "bytes=0-1,3-4",
    "bytes=",
    "bytes=-",
    "bites=0-1",
    "bytes 0-1",
    "bytes=a-b",
  ]);
}
