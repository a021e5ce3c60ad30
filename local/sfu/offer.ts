/** The facts about one media section of an offer that ingest needs. */
export interface OfferedMedia {
  readonly kind: "audio" | "video" | "application";
  readonly mid: string;
  /** Whether the section is in use: its port is not zero, or it is bundle-only in a BUNDLE group. */
  readonly live: boolean;
  /** Codec names with clock rates, such as `opus/48000`, in the offer's order and letter case. */
  readonly codecs: readonly string[];
  /** The offerer's DTLS role (RFC 8842); `actpass` if it states none. */
  readonly setup: "actpass" | "active" | "passive";
}

/** An offer that can be answered, as corrected by {@link readOffer}. */
export interface Offer {
  readonly kind: "offer";
  readonly sdp: string;
  readonly media: readonly OfferedMedia[];
}

/** A description that can not be taken; `reason`: why not, as the end of a sentence. */
export interface Refused {
  readonly kind: "refused";
  readonly reason: string;
}

/**
 * Parses a publisher's SDP offer (RFC 8866; JSEP, RFC 8829) and checks that it can be answered. Every live section must have a
 * mid, ICE credentials and a SHA-256 fingerprint: its own, the session's, or those of the first section of its BUNDLE group
 * (RFC 9143). There must be at least one live audio or video section. Deviations of real publishers are accepted: no BUNDLE
 * group, no candidates, bare LF, any order of sections, any letter case of codec names. (werift itself answers any text, even
 * if it is not SDP.)
 *
 * The returned `sdp` has CRLF line ends, and bundled sections are filled in: werift takes port 0 for a rejected section even if
 * it is bundle-only, and looks for a group's transport in the first section that it can decode.
 */
export function readOffer(text: string): Offer | Refused {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== "");
  if (lines[0] !== "v=0") return refuse("it does not begin with v=0");
  const strange = lines.find((line) => !/^[a-z]=/.test(line));
  if (strange !== undefined) return refuse("it has a line that is not <type>=<value>");
  const starts = lines.flatMap((line, at) => (line.startsWith("m=") ? [at] : []));
  const session = lines.slice(0, starts[0] ?? lines.length);
  const offered = starts.map((start, index) => lines.slice(start, starts[index + 1]));
  const sections = offered.map((section) => withBundle(section, offered, session));
  const media: OfferedMedia[] = [];
  for (const filled of sections) {
    const section = readSection(filled, session);
    if (section.kind === "refused") return section;
    if (media.some(({ mid }) => mid === section.mid)) return refuse(`two sections have mid ${section.mid}`);
    media.push(section);
  }
  if (!media.some(({ live, kind }) => live && kind !== "application")) {
    return refuse("it offers neither audio nor video");
  }
  return { kind: "offer", sdp: `${[...session, ...sections.flat()].join("\r\n")}\r\n`, media };
}

export function refuse(reason: string): Refused {
  return { kind: "refused", reason };
}

const MID = /^a=mid:([^\s]{1,64})$/;
/** Attributes that a group's sections share and that all but its first may omit (RFC 9143 section 7.1.3, JSEP 5.2.1). */
const TRANSPORT = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"];

/** Returns a section as it would be without BUNDLE: live if it is bundle-only, and with its group's transport attributes. */
function withBundle(
  lines: readonly string[],
  offered: readonly (readonly string[])[],
  session: readonly string[],
): readonly string[] {
  const mid = attributeOf(MID, lines);
  const [tag] = session.map(membersOf).find((mids) => mid !== null && mids.includes(mid)) ?? [];
  const refused = /^m=\w+ 0 /.test(lines[0] ?? "") && !lines.includes("a=bundle-only");
  if (tag === undefined || refused) return lines;
  const first = offered.find((section) => attributeOf(MID, section) === tag) ?? [];
  const left = TRANSPORT.filter((attribute) => !lines.some((line) => line.startsWith(attribute)));
  const inherited = first.filter((line) => left.some((attribute) => line.startsWith(attribute)));
  // Any port but 0 is good: the candidates determine where media goes.
  return [...lines.map((line) => line.replace(/^(m=\w+) 0 /, "$1 9 ")), ...inherited];
}

function membersOf(line: string): readonly string[] {
  return /^a=group:BUNDLE (.+)$/.exec(line)?.[1]?.split(" ") ?? [];
}

function attributeOf(pattern: RegExp, lines: readonly string[]): string | null {
  return lines.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined) ?? null;
}

function readSection(lines: readonly string[], session: readonly string[]): OfferedMedia | Refused {
  const [, kind, port] = /^m=(audio|video|application) (\d+) [^ ]+ [^ ]/.exec(lines[0] ?? "") ?? [];
  if (kind !== "audio" && kind !== "video" && kind !== "application")
    return refuse("it has an m-line of no known kind");
  const any = (pattern: RegExp) => attributeOf(pattern, lines) ?? attributeOf(pattern, session);
  const mid = attributeOf(MID, lines);
  if (mid === null) return refuse(`its ${kind} section has no a=mid`);
  const live = port !== "0";
  if (live) {
    if (any(/^a=ice-ufrag:([\w+/-]{4,256})$/) === null)
      return refuse(`its ${kind} section has no a=ice-ufrag`);
    if (any(/^a=ice-pwd:([\w+/-]{22,256})$/) === null) return refuse(`its ${kind} section has no a=ice-pwd`);
    if (any(/^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i) === null) {
      return refuse(`its ${kind} section has no SHA-256 a=fingerprint`);
    }
  }
  const setup = any(/^a=setup:(\w+)$/) ?? "actpass";
  if (setup !== "actpass" && setup !== "active" && setup !== "passive")
    return refuse(`a=setup:${setup} is unknown`);
  const codecs = lines.flatMap((line) => /^a=rtpmap:\d+ ([^ /]+\/\d+)/.exec(line)?.[1] ?? []);
  return { kind, mid, live, codecs, setup };
}

/** Whether a section offers Opus, from which PCM is decoded (RFC 7587 section 7: always at 48000 Hz). */
export function offersOpus(media: OfferedMedia): boolean {
  return media.kind === "audio" && media.codecs.some((codec) => codec.toLowerCase() === "opus/48000");
}

/**
 * Corrects two errors in werift's descriptions: `a=ice-lite` belongs to the session level (RFC 8839 section 5.3), and
 * without `stereo=1` (RFC 7587 section 7.1) browsers send a mono downmix.
 */
export function fixAnswer(sdp: string): string {
  let answer = sdp;
  if (/^a=ice-lite\r$/m.test(answer)) {
    answer = answer.replace(/^a=ice-lite\r\n/gm, "").replace(/^(t=.*\r\n)/m, "$1a=ice-lite\r\n");
  }
  for (const [map, type] of answer.matchAll(/^a=rtpmap:(\d+) opus\/48000.*\r\n/gim)) {
    const format = new RegExp(`^(a=fmtp:${type} )(.*)\\r$`, "m");
    const [, , parameters] = format.exec(answer) ?? [];
    if (parameters === undefined) {
      answer = answer.replace(map, `${map}a=fmtp:${type} minptime=10;useinbandfec=1;stereo=1\r\n`);
    } else if (!/(^|;)\s*stereo=/.test(parameters)) {
      answer = answer.replace(format, "$1$2;stereo=1\r");
    } else {
      answer = answer.replace(
        format,
        (_, head, rest) => `${head}${rest.replace(/(^|;)\s*stereo=0/, "$1stereo=1")}\r`,
      );
    }
  }
  return answer;
}
