import { decodeTimes, payloadSize } from "../kit/listener.ts";
import { goertzel, magnitude } from "../kit/probe/goertzel.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import type { Stretch } from "../kit/probe/tone.ts";
import { decode } from "../kit/program.ts";
import type { Evidence } from "./faulted.ts";

/** One row of the table. Times in ms. */
export interface Row {
  /** The total time for which the host's tone is missing in the recording, from when all listeners were there to its last sound. */
  readonly gap: number;
  /** The longest time without a new part that overlaps the fault. */
  readonly drought: number;
  /** How long the page's sound stood still: the longest stall, and the sum of all. */
  readonly longest: number;
  readonly stalls: number;
  readonly errors: readonly string[];
  /**
   * After the fault: the time until the newest playlist was current, and until the host's sound goes on without a hole.
   */
  readonly listed: number;
  readonly sounding: number;
  /** Everything that must not happen, in words. */
  readonly findings: readonly string[];
}

/** Units of a part and of a segment of the profile `balanced`, in access units; and the samples of an access unit. */
const [PART, SEGMENT, AU] = [30, 90, 1024];
const PART_MS = (PART * AU) / 48;
/**
 * A playlist that is further behind than this, ms, is not current: a part, the time to make it, and the delay that a
 * busy machine adds.
 */
const PRESENT_MS = PART_MS + 700;
/**
 * The host sends its tone with an amplitude of 0.2: below this it counts as missing. Measured in blocks of 10 ms, of
 * which two make a gap.
 */
const HEARD = 0.05;
const BLOCK = RATE / 100;
const LEAST_BLOCKS = 2;
/** Below this amplitude the tone is not as sent, but concealed or fading. */
const PLAIN = 0.17;
/**
 * How far two decodings of the same access units may differ, of which one was mixed to one channel of 16 bits: -44 dB. After
 * lost packets, single samples differed by -60 dB; beside 20 s of silence, for a millisecond, by -48 dB. The tone is at -14 dBFS and
 * 1 kHz, so sound that is shifted by a single sample differs by 0.026.
 */
const MOST_DIFFERENCE = 0.006;
/** For how long a show may be silent at its end, s: hosts talk on, and the last segment is silence. */
const MOST_SILENT_SECONDS = 1;
/** How far around a sample an AAC access unit has an effect, samples. */
const AU_REACH = 4 * AU;

/** Judges what was seen and heard of a show. */
export async function verdictOn(evidence: Evidence): Promise<Row> {
  const { fault, heard, watch, stood, errors } = evidence;
  const findings = [...watch.findings];
  const recording = await judgeRecording(evidence, findings);
  await judgePlayer(evidence, recording, findings);
  const during = stood.filter(({ at, millis }) => at + millis > fault.from);
  const missing = gapsIn(recording.spoken, HEARD, LEAST_BLOCKS)
    .map(({ at, seconds }) => ({ at: recording.spokenFrom + 1000 * at, millis: 1000 * seconds }))
    // The page and ffmpeg start before that, which can take the machine from the host.
    .filter(({ at }) => at > heard.from);
  const present = watch.steps.find(({ at, end }) => at >= fault.until && at - end < PRESENT_MS);
  return {
    gap: missing.reduce((sum, { millis }) => sum + millis, 0),
    drought: watch.drought(fault.from, Math.max(fault.until, present?.at ?? 0)),
    longest: Math.max(0, ...during.map(({ millis }) => millis)),
    stalls: during.reduce((sum, { millis }) => sum + millis, 0),
    errors: [...errors, ...complaintsOf(evidence.ffmpeg.stderr)],
    listed: (present?.at ?? Number.POSITIVE_INFINITY) - fault.until,
    sounding: Math.max(0, ...missing.map(({ at, millis }) => at + millis - fault.until)),
    findings,
  };
}

/**
 * Returns the warnings of ffmpeg without the one that it prints once per reload of any live fMP4 stream: that it has
 * read the init segment already.
 */
function complaintsOf(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !line.includes("Found duplicated MOOV Atom. Skipped it"));
}

/** The part of a show's media that R2 has. */
interface Recorded {
  readonly init: Uint8Array;
  /** Its segments' bytes, in order. */
  readonly pieces: readonly Uint8Array[];
  /** Its decoded samples from its first sound to its last. */
  readonly spoken: Float32Array;
  /** The date at which `spoken` begins, ms since 1970. */
  readonly spokenFrom: number;
}

/**
 * Checks that R2 has every segment once, in order, whole, at its place and as the index says; and that everything
 * decodes.
 */
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
    // The last segment follows one that the show's end cut short, so its place follows from the row before.
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
  // The host talks until after the show's end.
  const silent = (pcm.length - end) / RATE;
  if (silent > MOST_SILENT_SECONDS) findings.push(`nobody is heard in the last ${silent.toFixed(1)} s`);
  const dated = last.segments[0];
  const startedAt = (dated?.date ?? 0) - ((dated?.msn ?? 0) - first) * SEGMENT * (AU / 48);
  // Starts a tenth of a second in, so that the onset of the first sound is not taken for a hole.
  const from = start + RATE / 10;
  return { init, pieces, spoken: pcm.subarray(from, end - RATE / 10), spokenFrom: startedAt + from / 48 };
}

/**
 * Checks that ffmpeg, an independent player, has heard the whole recording from some segment on to its end, sample for
 * sample. Stretches where the tone is not plain are left out: there each decoder makes the coded noise for itself.
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
    noise.fill(1, Math.max(0, at * RATE - AU_REACH), (at + long) * RATE + AU_REACH);
  let [worst, first, last] = [0, -1, -1];
  for (let i = 0; i < length; i++) {
    if (noise[i] === 1) continue;
    const off = Math.abs(stdout.readInt16LE(2 * i) / 32_768 - (pcm[i] ?? 0));
    worst = Math.max(worst, off);
    if (off <= MOST_DIFFERENCE) continue;
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
 * Returns the stretches in which the tone is missing, in seconds from the first sample. `level` is an absolute
 * amplitude, so it does not depend on how much of the tone there is.
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
