import { setTimeout as sleep } from "node:timers/promises";
import { publish } from "../local/host/publisher.ts";
import { ENCODER_LAG } from "../src/audio/encoder.ts";
import { SAMPLE_RATE, toMillis } from "../src/media.ts";
import { type Desk, openShow } from "../test/kit/desk.ts";
import { variantOf } from "../test/kit/list.ts";
import { findMarks } from "../test/kit/probe/marks.ts";
import { LOOP_SECONDS, MARK_CENTRE, measuringLoop } from "../test/kit/probe/signal.ts";
import { decode } from "../test/kit/program.ts";
import type { Media } from "./load/list.ts";
import { Lists, now } from "./load/listener.ts";
import { startLocalRelay } from "./load/own.ts";
import { type Traffic, Wire } from "./load/wire.ts";

/**
 * `npm run bench:way`: the latency of sound, hop by hop, from a microphone's sample until a listener has its part, on the bare
 * runtime with one listener. Marks in the sound, which are found again in the decoded parts (ffmpeg is required), show the delay
 * until the Broadcast. The playlists' dates are relative to that point and show the rest.
 */

const SECONDS = 60;
const WARM_UP_MS = 12_000;
/** The look-ahead of Opus in its full-band mode at 48 kHz, samples (libopus, OPUS_GET_LOOKAHEAD). */
const OPUS_LOOKAHEAD = 312;

const own = await startLocalRelay(0);
try {
  await measure(own);
} finally {
  await own.stop();
}

async function measure(desk: Desk): Promise<void> {
  const show = await openShow(desk, "low");
  const loop = measuringLoop().map((value) => Math.round(32_767 * value));
  let spoken = 0;
  // When the microphone's first sample was spoken: no frame is read before it is full, and the least late one is exact.
  let began = Number.POSITIVE_INFINITY;
  const host = await publish({
    url: show.whipUrl,
    key: show.hostKey,
    source: (count) => {
      began = Math.min(began, now() - toMillis(spoken + count));
      const pcm = Int16Array.from(
        { length: 2 * count },
        (_, i) => loop[(spoken + (i >> 1)) % loop.length] ?? 0,
      );
      spoken += count;
      return pcm;
    },
  });
  await sleep(WARM_UP_MS);
  const heard = await listen(show.playbackUrl);
  const response = await fetch(`${desk.url}/api/broadcasts/${show.id}`, {
    headers: { authorization: `Bearer ${desk.adminToken}` },
  });
  const { listingMs } = (await response.json()) as { listingMs: { p50: number; p99: number } };
  await host.close();
  const arrivals = await arrivalsOf(heard, began, spoken);
  console.log(`${heard.lists.length} parts of 384 ms, ${arrivals.length} marks; milliseconds`);
  const rows: [string, number, number][] = [
    ["a frame of 20 ms is full (by count)", 10, 20],
    ["Opus' lookahead (by count)", toMillis(OPUS_LOOKAHEAD), toMillis(OPUS_LOOKAHEAD)],
    [
      "Opus, RTP, the SFU's stand-in, its socket: its place in the show",
      rank(arrivals, 0.5),
      rank(arrivals, 0.99),
    ],
    ["the last unit's packets are there, and its part is made", ...less(listingMs, toMillis(ENCODER_LAG))],
    ["the encoder's lookahead (by count)", toMillis(ENCODER_LAG), toMillis(ENCODER_LAG)],
    ["listed: the list is here", ...hop(heard.lists, [listingMs.p50, listingMs.p99])],
    ["asked for: the part is here", ...hop(heard.parts, [rank(heard.lists, 0.5), rank(heard.lists, 0.99)])],
  ];
  for (const [name, p50, p99] of rows) console.log(line(name, p50, p99));
  console.log(
    line(
      "a part's last sample, by its date, to its being here",
      rank(heard.parts, 0.5),
      rank(heard.parts, 0.99),
    ),
  );
}

interface Heard {
  readonly bytes: Buffer;
  /** The date of the first sample of {@link bytes}. */
  readonly from: number;
  /** Delays from the date of each part's last sample until the playlist that lists it arrived, and until the part arrived, ms. */
  readonly lists: readonly number[];
  readonly parts: readonly number[];
}

/** Runs a listener that reloads as players do, and fetches each part as soon as it is listed. */
async function listen(playbackUrl: string): Promise<Heard> {
  const traffic: Traffic = { requests: 0, bytes: 0, failures: new Map(), limit: 12 * SECONDS };
  const { origin } = new URL(playbackUrl);
  const [wire, media] = [new Wire(origin, traffic), new Wire(origin, traffic)];
  const multivariant = await (await fetch(playbackUrl)).text();
  const url = new URL(variantOf(multivariant), playbackUrl);
  const pathOf = (name: string) => new URL(name, url).pathname;
  const read = new Lists();
  let list = read.read(await wire.get(`${url.pathname}${url.search}`));
  const chunks = [(await media.get(pathOf(list.init))).bytes];
  const lists: number[] = [];
  const parts: number[] = [];
  let last = list.media.at(-1) as Media;
  const from = last.at + last.duration;
  while (last.at < from + 1000 * SECONDS) {
    const query = [url.search.slice(1), list.reload ?? ""].filter((term) => term !== "").join("&");
    list = read.read(await wire.get(`${url.pathname}?${query}`));
    const here = now();
    for (const part of list.media.filter(({ at }) => at > last.at + 1)) {
      lists.push(here - part.at - part.duration);
      chunks.push((await media.get(pathOf(part.name))).bytes);
      parts.push(now() - part.at - part.duration);
      last = part;
    }
  }
  await Promise.all([wire.cut(), media.cut()]);
  return { bytes: Buffer.concat(chunks), from, lists, parts };
}

/** Returns how long after being spoken each mark is dated on the timeline, ms, without Opus' look-ahead. */
async function arrivalsOf({ bytes, from }: Heard, began: number, spoken: number): Promise<number[]> {
  return findMarks(await decode(bytes, "mp4"), SAMPLE_RATE).flatMap(({ code, at }) => {
    const date = from + 1000 * at - toMillis(OPUS_LOOKAHEAD);
    const delays: number[] = [];
    for (
      let sample = (code + MARK_CENTRE) * SAMPLE_RATE;
      sample < spoken;
      sample += LOOP_SECONDS * SAMPLE_RATE
    )
      delays.push(date - began - toMillis(sample));
    // The mark repeats every 16 s; the nearest one is the one that was heard.
    return delays.sort((a, b) => Math.abs(a) - Math.abs(b)).slice(0, 1);
  });
}

function rank(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
}

function less({ p50, p99 }: { readonly p50: number; readonly p99: number }, by: number): [number, number] {
  return [p50 - by, p99 - by];
}

/** Returns how much a hop adds to the percentiles of the previous hops. */
function hop(values: readonly number[], [p50, p99]: readonly [number, number]): [number, number] {
  return [rank(values, 0.5) - p50, rank(values, 0.99) - p99];
}

function line(name: string, p50: number, p99: number): string {
  return `${name.padEnd(62)}${p50.toFixed(1).padStart(7)} ${p99.toFixed(1).padStart(7)}`;
}
