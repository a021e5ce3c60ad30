import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EARSHOT } from "../kit/deployed.ts";
import { FakeSfu } from "../kit/fake-sfu.ts";
import { Host } from "../kit/host.ts";
import { Listener } from "../kit/listener.ts";
import { findMarks } from "../kit/probe/marks.ts";
import { LOOP_SECONDS, MARK_CENTRE, measuringLoop, RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { gaps, phaseJumps } from "../kit/probe/tone.ts";
import { decode } from "../kit/program.ts";
import { Runtime } from "../kit/runtime.ts";

/** PROGRAM-DATE-TIME gives the time at which sound was captured, also when the relay is kept from running. */

let runtime: Runtime;
let sfu: FakeSfu;
beforeAll(async () => {
  sfu = await FakeSfu.start();
  runtime = await Runtime.start([{ ...EARSHOT, vars: { SFU_API: sfu.url } }]);
});
afterAll(async () => {
  await runtime.close();
  sfu.close();
});

const SECONDS = 30;
/** Duration of a packet, ms: it is sent when its last sample has been captured. */
const FRAME_MS = 20;

/** What listeners hear of a host who sends marks for {@link SECONDS}. */
interface Heard {
  readonly pcm: Float32Array;
  /** How much later than its capture each mark is dated, ms. */
  readonly errors: readonly number[];
  /** The worst lateness of the host's own timers, ms: sound that is sent late is dated late. */
  readonly jitter: number;
}

/** @param meanwhile runs while the host speaks */
async function speak(meanwhile: () => Promise<void>): Promise<Heard> {
  const show = await runtime.open({ latency: "low" });
  const host = await Host.publish(show, sfu);
  const loop = measuringLoop();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const capturedFrom = Date.now() - FRAME_MS;
  host.talk((sample) => loop[sample % loop.length] ?? 0);

  const listener = await Listener.join(show.playbackUrl);
  const chunks = [await listener.bytes("init.mp4")];
  // A show begins with the silence of three segments; the recording begins when the host has been on for two.
  let list = await listener.until(6, 0);
  const first = list.segments.at(-1);
  if (first === undefined) throw new Error("a live list has segments");
  const done = meanwhile();
  const last = first.msn + Math.ceil(SECONDS / 1.92);
  for (let msn = first.msn; msn <= last; msn++) {
    if (msn >= list.firstMsn + list.segments.length) list = await listener.until(msn + 1, 0);
    chunks.push(await listener.bytes(`s${msn}.m4s`));
  }
  await done;
  host.leave();
  // Read before the analysis: its load on this process is not the host's lateness.
  const jitter = delay.max / 1e6 - 10;

  const pcm = await decode(Buffer.concat(chunks), "mp4");
  const errors = findMarks(pcm, RATE).map(({ code, at }) => {
    const heard = first.date + 1000 * at;
    const round = Math.round((heard - capturedFrom - 1000 * (code + MARK_CENTRE)) / (1000 * LOOP_SECONDS));
    return heard - (capturedFrom + 1000 * (round * LOOP_SECONDS + code + MARK_CENTRE));
  });
  return { pcm, errors, jitter };
}

function expectDates({ errors, jitter }: Heard): void {
  console.log(
    `${errors.length} marks, ms from capture to date: ` +
      `${Math.min(...errors).toFixed(1)} to ${Math.max(...errors).toFixed(1)}; ` +
      `the host's own jitter is up to ${jitter.toFixed(1)}`,
  );
  expect(errors.length).toBeGreaterThanOrEqual(SECONDS - 1);
  for (const error of errors) expect(Math.abs(error)).toBeLessThan(25 + jitter);
}

/**
 * The host captures marks at known times of the wall clock. They are decoded at the time that PROGRAM-DATE-TIME gives:
 * from the ingest socket through aligning, mixing, encoding and packaging, with the encoder's delay compensated.
 */
test("every mark is dated at the time at which it was captured", { timeout: 90_000 }, async () => {
  expectDates(await speak(async () => undefined));
});

/**
 * The relay's parts are late then, for which players have a buffer. Sound that waits in the relay's sockets is not lost
 * or late: nobody has played on without it.
 */
test("a relay that is kept from running loses no sound of that time, and dates it right", {
  timeout: 90_000,
}, async () => {
  const heard = await speak(async () => {
    for (const millis of [80, 150, 300, 800, 150]) {
      await sleep(4_000);
      await runtime.halt(millis);
    }
  });
  expectDates(heard);
  // Skip the start: a recording that begins in the middle lacks the decoder's state from the access unit before.
  const pcm = heard.pcm.subarray(0.1 * RATE);
  expect(gaps(pcm, RATE, TONE_HZ)).toEqual([]);
  expect(phaseJumps(pcm, RATE, TONE_HZ)).toEqual([]);
});
