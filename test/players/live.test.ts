import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Latency } from "../../src/media.ts";
import { capture } from "../kit/capture.ts";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { phaseJumps, pitch, unexcusedGaps } from "../kit/probe/tone.ts";
import { decode, left, run } from "../kit/program.ts";
import { type Stage, setStage } from "../kit/stage.ts";
import type { Capture } from "../validator/capture.ts";
import { validateCapture } from "../validator/validate.ts";
import { goOnAir, type OnAir } from "./show.ts";
import { arrivals, assemble, pace } from "./timeline.ts";

// One relay and three live shows, with all clients at once: ffmpeg, mpv and ffprobe play one of the shows while each is
// captured, validated and decoded.

/** How long the main show is captured, seconds (10 minutes by default), and the two other profiles (3 minutes). */
const SECONDS = Number(process.env.CAPTURE_SECONDS ?? 600);
const OTHERS_SECONDS = Math.min(SECONDS, 180);
/**
 * When the host has surely been heard, seconds after the show's begin. A show begins with silence (11.7 s in economy),
 * and a host needs a second or two more.
 */
const HEARD_AFTER_S = 15;
/** The duration of an access unit, ms. */
const UNIT_MS = 1024 / 48;

const PROFILES = ["low", "balanced", "economy"] as const;

let stage: Stage;
const shows = new Map<Latency, Promise<OnAir>>();
const captures = new Map<Latency, Promise<Capture>>();
/** Resolves when no capture is running. Judging one keeps this process from capturing the others in time. */
let quiet: Promise<unknown>;
/**
 * The longest time for which the machine kept this process, the capturing client, or the relay's from running, ms. It is not the
 * relay's lateness.
 */
let withheld = 0;
/** The same for the publishers and the SFU, ms: nobody can hear sound that they did not send in time. */
let sendersStalled = 0;

beforeAll(async () => {
  stage = await setStage();
  for (const latency of PROFILES) shows.set(latency, goOnAir(stage, latency));
  const publishers = await Promise.all(shows.values());
  // Starting all this takes the machine from everybody, so the captures begin when it is over.
  await sleep(1_000);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  stage.settle();
  for (const publisher of publishers) publisher.settle();
  for (const latency of PROFILES) {
    captures.set(latency, captureFor(latency === "low" ? SECONDS : OTHERS_SECONDS, await onAir(latency)));
  }
  quiet = Promise.allSettled(captures.values()).then(() => {
    withheld = Math.max(delay.max / 1e6, stage.stalled());
    sendersStalled = Math.max(stage.stalled(), ...publishers.map((publisher) => publisher.stalled()));
    console.log(
      `the machine withheld ${withheld.toFixed(0)} ms from the client or the relay, ${sendersStalled.toFixed(0)} ms from the senders`,
    );
  });
});

afterAll(async () => {
  await stage?.stop();
});

async function onAir(latency: Latency): Promise<OnAir> {
  const show = await shows.get(latency);
  if (!show) throw new Error(`no ${latency} show`);
  return show;
}

/** Returns the capture of a show, once no capture is running any more. */
async function captureOf(latency: Latency): Promise<Capture> {
  await quiet;
  return (await captures.get(latency)) ?? [];
}

/**
 * Returns the messages of ffmpeg (and of mpv, which uses it) without the one that it prints once per playlist reload of
 * ANY live fMP4 stream, its own muxer's included: it reads the init segment again each time, and then mentions that it
 * has it already. Every other message counts.
 */
function complaints(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => line !== "" && !line.includes("Found duplicated MOOV Atom. Skipped it"));
}

/** Captures a show from here on, ends it after `seconds`, and returns the capture. */
async function captureFor(seconds: number, { show, silence }: OnAir): Promise<Capture> {
  const [captured] = await Promise.all([
    capture(show.playbackUrl),
    sleep(1_000 * seconds).then(() => stage.end(show)),
  ]);
  await silence();
  return captured;
}

/** Validates a capture; allows 250 ms of lateness plus the longest time that this machine withheld. */
function findings(captured: Capture) {
  return validateCapture(captured, { jitterMillis: 250 + withheld });
}

describe.concurrent("live", () => {
  test("ffprobe reports AAC-LC, 48 kHz, stereo", async () => {
    const { show } = await onAir("low");
    const fields = "stream=codec_name,profile,sample_rate,channels";
    const args = ["-v", "warning", "-show_entries", fields, "-of", "json", show.playbackUrl];
    const { code, stdout, stderr } = await run("ffprobe", args, { seconds: 60 });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString()).streams).toEqual([
      { codec_name: "aac", profile: "LC", sample_rate: "48000", channels: 2 },
    ]);
  });

  test("ffmpeg plays 30 s without a warning", async () => {
    const { show } = await onAir("low");
    const args = ["-hide_banner", "-loglevel", "repeat+warning", "-i", show.playbackUrl, "-t", "30"];
    args.push("-f", "f32le", "pipe:1");
    const { code, stdout, stderr } = await run("ffmpeg", args, { seconds: 90 });
    expect(complaints(stderr)).toEqual([]);
    expect(code).toBe(0);
    await quiet;
    const pcm = left(stdout);
    expect(pcm.length).toBe(30 * RATE);
    // ffmpeg began at the show's first segments: leave out the time before the host was heard.
    expect(unexcusedGaps(pcm.subarray(HEARD_AFTER_S * RATE), RATE, TONE_HZ, sendersStalled)).toEqual([]);
  });

  test("mpv plays 30 s without a warning", async () => {
    const { show } = await onAir("low");
    const args = ["--no-config", "--no-video", "--ao=null", "--length=30", "--msg-level=all=warn"];
    const { code, stdout, stderr } = await run("mpv", [...args, show.playbackUrl], { seconds: 90 });
    expect(complaints(stderr + stdout.toString())).toEqual([]);
    expect(code).toBe(0);
  });

  test(`a capture of ${SECONDS} s is valid, and decodes to its wall-clock duration within one access unit`, async () => {
    const { startedAt } = await onAir("low");
    const captured = await captureOf("low");
    expect(findings(captured)).toEqual([]);

    const whole = assemble(captured);
    const pcm = await decode(whole.bytes, "mp4");
    const decodedMs = (pcm.length / RATE) * 1000;
    expect(Math.abs(decodedMs - whole.datedMs), "decoded against PROGRAM-DATE-TIME, ms").toBeLessThan(
      UNIT_MS,
    );
    const { early, late } = arrivals(captured);
    expect(Math.abs(late - early), "the dates' clock against the wall clock, ms").toBeLessThan(UNIT_MS);

    // Before the host there was silence, and the last access units hold the silence of the end.
    const spoken = pcm.subarray(HEARD_AFTER_S * RATE, pcm.length - RATE);
    const jumps = phaseJumps(spoken, RATE, TONE_HZ);
    const { first, last, worst } = pace(pcm, whole.startedAt, startedAt);
    console.log(
      `${(decodedMs / 1000).toFixed(3)} s decoded, ${(whole.datedMs / 1000).toFixed(3)} s dated; ` +
        `list lag ${early.toFixed(1)} ms at first, ${late.toFixed(1)} ms at last; ` +
        `sound behind its date ${first.toFixed(1)} ms at first, ${last.toFixed(1)} ms at last, ${worst.toFixed(1)} ms at worst; ` +
        `pitch ${pitch(spoken, RATE, TONE_HZ).toFixed(3)} Hz, ${jumps.length} jumps`,
    );
    expect(unexcusedGaps(spoken, RATE, TONE_HZ, sendersStalled)).toEqual([]);
    // Concealment shows in up to four blocks; the machine itself causes a few holes at most.
    expect(jumps.length).toBeLessThanOrEqual(sendersStalled < 40 ? 0 : 12);
    // The buffer is 40 to 250 ms deep; what the machine withholds from the senders comes late in any case.
    expect(worst, "ms from the microphone to the sample's date").toBeLessThan(300 + sendersStalled);
  });

  test.each(["balanced", "economy"] as const)(
    `a capture of ${OTHERS_SECONDS} s of a %s show is valid`,
    async (latency) => {
      const captured = await captureOf(latency);
      expect(findings(captured)).toEqual([]);
      const whole = assemble(captured);
      const pcm = await decode(whole.bytes, "mp4");
      expect(Math.abs((pcm.length / RATE) * 1000 - whole.datedMs)).toBeLessThan(UNIT_MS);
      expect(
        unexcusedGaps(pcm.subarray(HEARD_AFTER_S * RATE, pcm.length - RATE), RATE, TONE_HZ, sendersStalled),
      ).toEqual([]);
    },
  );
});
