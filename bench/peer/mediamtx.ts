import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../test/kit/port.ts";

/** A running MediaMTX that serves one path. */
export interface MediaMtx {
  readonly pid: number;
  readonly whipUrl: string;
  readonly playbackUrl: string;
  /** Its own page with a player, which plays automatically. */
  readonly pageUrl: string;
  stop(): Promise<void>;
}

const READY_MS = 10_000;

/**
 * Starts MediaMTX on loopback with only WHIP and low-latency HLS. Its parts and segments have the durations of our profile `low`,
 * which it rounds to whole Opus packets: parts of 400 ms. Settings are environment variables, because a version ignores those
 * that it does not know.
 */
export async function startMediaMtx(binary: string): Promise<MediaMtx> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-peer-"));
  const config = join(folder, "mediamtx.yml");
  writeFileSync(config, "paths:\n  all_others:\n");
  const [whip, hls] = [await freePort(), await freePort()];
  const env = {
    ...Object.fromEntries(["RTSP", "RTMP", "SRT", "MOQ", "API", "METRICS", "PPROF", "PLAYBACK"].map(off)),
    MTX_LOGLEVEL: "warn",
    MTX_WEBRTCADDRESS: `127.0.0.1:${whip}`,
    MTX_WEBRTCLOCALUDPADDRESS: `127.0.0.1:${await freePort()}`,
    MTX_WEBRTCIPSFROMINTERFACES: "no",
    MTX_WEBRTCADDITIONALHOSTS: "127.0.0.1",
    MTX_HLSADDRESS: `127.0.0.1:${hls}`,
    MTX_HLSVARIANT: "lowLatency",
    MTX_HLSPARTDURATION: "384ms",
    MTX_HLSSEGMENTDURATION: "1920ms",
    MTX_HLSALWAYSREMUX: "yes",
  };
  const child = spawn(binary, [config], { env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = () =>
    fetch(`http://127.0.0.1:${whip}/show/publish`).then(
      () => true,
      () => false,
    );
  for (const deadline = Date.now() + READY_MS; !(await answers()); await sleep(100)) {
    if (Date.now() < deadline && child.exitCode === null) continue;
    await stop();
    throw new Error(`${binary} does not answer.`);
  }
  return {
    pid: child.pid ?? 0,
    whipUrl: `http://127.0.0.1:${whip}/show/whip`,
    playbackUrl: `http://127.0.0.1:${hls}/show/index.m3u8`,
    pageUrl: `http://127.0.0.1:${hls}/show/`,
    stop,
  };
}

function off(protocol: string): readonly [string, string] {
  return [`MTX_${protocol}`, "no"];
}
