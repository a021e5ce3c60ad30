import { decodeTimes, payloadSize } from "../kit/listener.ts";
import { goertzel, magnitude } from "../kit/probe/goertzel.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import type { Stretch } from "../kit/probe/tone.ts";
import { decode } from "../kit/program.ts";
import type { Evidence } from "./faulted.ts";

/** One line of the table. Times in ms. */
export interface Row {
  /** All that the host's tone is missing for in the recording, from its first sound to its last. */
  readonly gap: number;
  /** The longest time without a new part that overlaps the fault. */
  readonly drought: number;
  /** For how long the page's sound stood still: the longest, and all. */
  readonly longest: number;
  readonly stalls: number;
  readonly errors: readonly string[];
  /** After the fault: until the newest list was the present one, and until the host's sound goes on without a hole. */
  readonly listed: number;
  readonly sounding: number;
  /** What must not be. */
  readonly findings: readonly string[];
}

/** Of the profile `balanced`, in access units. */
const [PART, SEGMENT, AU] = [30, 90, 1024];
const PART_MS = (PART * AU) / 48;
/** A list that is further behind than this is not the present one: a part, its making, and what a busy machine adds. */
const PRESENT_MS = PART_MS + 700;
/** The host sends its tone at 0.2: below this it is missing. Looked at in blocks of 10 ms; two of them are a gap. */
const HEARD = 0.05;
const BLOCK = RATE / 100;
const LEAST_BLOCKS = 2;
/** Below this the tone is not as it was sent, but concealed, or fading. */
const PLAIN = 0.17;
/** How far two decodings of the same units may be apart, of which one was mixed to one channel of 16 bits: -60 dB. */
const SAME = 0.001;
/** A unit of AAC reaches so far, samples. */
const NEAR = 4 * AU;

/** Judges what was seen and heard of a show. */
export async function verdictOn(evidence: Evidence): Promise<Row> {
  const { fault, watch, stood, errors } = evidence;
  const findings = [...watch.findings];
  const recording = await judgeRecording(evidence, findings);
  await judgePlayer(evidence, recording, findings);
  const during = stood.filter(({ at, millis }) => at + millis > fault.from);
  const missing = gapsIn(recording.spoken, HEARD, LEAST_BLOCKS);
  const backAt = missing.map(({ at, seconds }) => recording.spokenFrom + 1000 * (at + seconds));
  const present = watch.steps.find(({ at, end }) => at >= fault.until && at - end < PRESENT_MS);
  return {
    gap: 1000 * missing.reduce((sum, { seconds }) => sum + seconds, 0),
    drought: watch.drought(fault.from, Math.max(fault.until, present?.at ?? 0)),
    longest: Math.max(0, ...during.map(({ millis }) => millis)),
    stalls: during.reduce((sum, { millis }) => sum + millis, 0),
    errors: [...errors, ...complaintsOf(evidence.ffmpeg.stderr)],
    listed: (present?.at ?? Number.POSITIVE_INFINITY) - fault.until,
    sounding: Math.max(0, ...backAt.map((at) => at - fault.until)),
    findings,
  };
}

/**
 * What ffmpeg said, but for what it says once per reload of any live fMP4 stream: that it has read the init segment already.
 */
function complaintsOf(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !line.includes("Found duplicated MOOV Atom. Skipped it"));
}

/** What R2 has of a show. */
interface Recorded {
  readonly init: Uint8Array;
  /** Its segments, in order. */
  readonly pieces: readonly Uint8Array[];
  /** From its first sound to its last. */
  readonly spoken: Float32Array;
  /** When that begins, ms since 1970. */
  readonly spokenFrom: number;
}

/** Every segment is in R2, in order and once, whole, where it belongs, and as the index says; and all of it decodes. */
async function judgeRecording(evidence: Evidence, findings: string[]): Promise<Recorded> {
  const { show, kept, index, puts, last, watch } = evidence;
  const epochs = new Set(index.map(({ epoch }) => epoch));
  if (epochs.size !== 1) findings.push(`the index has ${epochs.size} timelines`);
  const [epoch = ""] = epochs;
  const first = index[0]?.msn ?? 0;
  const total = last.firstMsn + last.segments.length;
  if (index.length !== total - first)
    findings.push(`the index has ${index.length} of ${total - first} segments`);
  const pieces: Uint8Array[] = [];
  for (const [n, { msn, at, units, bytes }] of index.entries()) {
    // The last one follows a segment that the end cut short.
    const before = index[n - 1];
    const due = n === index.length - 1 && before ? before.at + before.units * AU : msn * SEGMENT * AU;
    if (msn !== first + n || at !== due) findings.push(`row ${n} of the index is of ${msn}, at ${at}`);
    const piece = kept.get(`${show.id}/${epoch}/s${String(msn).padStart(10, "0")}.m4s`);
    if (piece === undefined) {
      findings.push(`segment ${msn} is not in R2`);
      continue;
    }
    const places = Array.from({ length: Math.ceil(units / PART) }, (_, part) => at + part * PART * AU);
    if (String(decodeTimes(piece)) !== String(places))
      findings.push(`segment ${msn} has ${decodeTimes(piece)}`);
    if (payloadSize(piece) !== bytes)
      findings.push(`segment ${msn} has ${payloadSize(piece)} bytes, not ${bytes}`);
    const heard = watch.segments.get(msn);
    if (heard !== undefined && !Buffer.from(piece).equals(heard))
      findings.push(
        `segment ${msn} is another than listeners had: ${piece.length} bytes, not ${heard.length}`,
      );
    pieces.push(piece);
  }
  const init = kept.get(`${show.id}/${epoch}/init.mp4`) ?? new Uint8Array();
  if (init.length === 0) findings.push("the init segment is not in R2");
  const segments = puts.filter((key) => key.endsWith(".m4s"));
  if (String(segments) !== String(segments.toSorted())) findings.push(`R2 took ${segments} in that order`);
  const pcm = await decode(Buffer.concat([init, ...pieces]), "mp4");
  const start = pcm.findIndex((sample) => Math.abs(sample) > 0.05);
  const end = pcm.findLastIndex((sample) => Math.abs(sample) > 0.05);
  const dated = last.segments[0];
  const startedAt = (dated?.date ?? 0) - ((dated?.msn ?? 0) - first) * SEGMENT * (AU / 48);
  // A tenth of a second in, so that the edge of the first sound is not taken for a hole.
  const from = start + RATE / 10;
  return { init, pieces, spoken: pcm.subarray(from, end - RATE / 10), spokenFrom: startedAt + from / 48 };
}

/**
 * Whether a complete player of another project has heard all of the recording from a segment on to its end,
 * sample for sample where the tone is plain: where it is not, coded noise is made by each decoder for itself.
 */
async function judgePlayer({ ffmpeg, index }: Evidence, { init, pieces }: Recorded, findings: string[]) {
  if (ffmpeg.code !== 0) findings.push(`ffmpeg ended with ${ffmpeg.code}`);
  const { stdout } = ffmpeg;
  const length = Math.floor(stdout.length / 2);
  const end = index.reduce((sum, { units }) => sum + units * AU, index[0]?.at ?? 0);
  const joined = index.findIndex(({ at }) => at === end - length);
  if (joined < 0) {
    findings.push(`ffmpeg heard ${seconds(length)}, which is no number of segments`);
    return;
  }
  const pcm = await decode(Buffer.concat([init, ...pieces.slice(joined)]), "mp4");
  const noise = new Uint8Array(length);
  for (const { at, seconds: long } of gapsIn(pcm, PLAIN, 1))
    noise.fill(1, Math.max(0, at * RATE - NEAR), (at + long) * RATE + NEAR);
  let [worst, first, last] = [0, -1, -1];
  for (let i = 0; i < length; i++) {
    if (noise[i] === 1) continue;
    const off = Math.abs(stdout.readInt16LE(2 * i) / 32_768 - (pcm[i] ?? 0));
    worst = Math.max(worst, off);
    if (off <= SAME) continue;
    first = first < 0 ? i : first;
    last = i;
  }
  if (first >= 0)
    findings.push(
      `ffmpeg heard ${seconds(length)}, from ${seconds(first)} to ${seconds(last)} other than the recording, by ${worst.toFixed(3)} at most`,
    );
}

const seconds = (samples: number) => `${(samples / RATE).toFixed(3)} s`;

/**
 * Where the tone is missing, by a level that does not depend on how much of the tone there is, in seconds from the first sample.
 */
function gapsIn(pcm: Float32Array, level: number, leastBlocks: number): Stretch[] {
  const found: Stretch[] = [];
  let begun = -1;
  const blocks = Math.floor(pcm.length / BLOCK);
  for (let n = 0; n <= blocks; n++) {
    const isMissing = n < blocks && magnitude(goertzel(pcm, n * BLOCK, BLOCK, TONE_HZ, RATE)) < level;
    if (isMissing && begun < 0) begun = n;
    if (isMissing || begun < 0) continue;
    if (n - begun >= leastBlocks)
      found.push({ at: (begun * BLOCK) / RATE, seconds: ((n - begun) * BLOCK) / RATE });
    begun = -1;
  }
  return found;
}
