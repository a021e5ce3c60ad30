import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** How a program ended, and what it printed. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const PACKAGES: Readonly<Record<string, string>> = { ffmpeg: "ffmpeg", ffprobe: "ffmpeg", mpv: "mpv" };

/**
 * Runs ffmpeg, ffprobe or mpv to its end and returns what it printed. Throws one plain sentence when the program is not
 * installed, and an Error when it has not ended after `seconds`; it is killed then.
 */
export function run(
  name: "ffmpeg" | "ffprobe" | "mpv",
  args: readonly string[],
  options: { seconds: number; input?: Uint8Array },
): Promise<Outcome> {
  need(name);
  const child = spawn(name, args, { stdio: "pipe" });
  const out: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A program that has read enough closes its input early. Its output and exit code are what counts.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${name} was not done after ${options.seconds} s\n${stderr}`));
    }, options.seconds * 1000);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out), stderr });
    });
  });
}

/** Looks for a program without running it: this process follows live shows meanwhile, and must not block. */
function need(name: string): void {
  const folders = (process.env.PATH ?? "").split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, name)))) return;
  throw new Error(
    `These tests need ${name}, and it is not installed (Debian, Ubuntu: apt-get install ${PACKAGES[name]}).`,
  );
}

/**
 * Decodes a stereo file's bytes with ffmpeg to samples of the left channel in [-1, 1]. Throws when ffmpeg prints any warning.
 */
export async function decode(input: Uint8Array, format: "mp4" | "aac"): Promise<Float32Array> {
  const args = [
    "-hide_banner",
    "-loglevel",
    "warning",
    "-f",
    format,
    "-i",
    "pipe:0",
    "-f",
    "f32le",
    "pipe:1",
  ];
  const { code, stdout, stderr } = await run("ffmpeg", args, { seconds: 120, input });
  if (code !== 0 || stderr.trim() !== "") throw new Error(`ffmpeg ended with ${code}\n${stderr}`);
  return left(stdout);
}

/** The left channel of interleaved stereo f32le. */
export function left(raw: Buffer): Float32Array {
  return Float32Array.from({ length: raw.length / 8 }, (_, i) => raw.readFloatLE(i * 8));
}
