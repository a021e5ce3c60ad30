import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "./program.ts";

/** An audio output for a machine that has none; its sound can be recorded. */
export interface Loudspeaker {
  /** PulseAudio's address, for PULSE_SERVER. */
  readonly server: string;
  /** Records the next `seconds`, mono, in [-1, 1]. */
  record(seconds: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Sample rate of recordings, Hz. */
export const LOUDSPEAKER_RATE = 48_000;

/**
 * Starts a PulseAudio of the test's own, whose only device is a null sink. It has no file or socket outside its folder.
 */
export async function startLoudspeaker(): Promise<Loudspeaker> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-sound-"));
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: "" };
  const socket = join(folder, "socket");
  const daemon = start(
    "pulseaudio",
    [
      ...["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
      ...["--log-target=stderr", "--log-level=info"],
      ...["-L", `module-native-protocol-unix socket=${socket} auth-anonymous=1`],
      ...["-L", `module-null-sink sink_name=loudspeaker rate=${LOUDSPEAKER_RATE}`],
    ],
    env,
    "pulseaudio",
  );
  const close = async () => {
    await daemon.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await daemon.says(/Daemon startup complete/);
  } catch (error) {
    await close();
    throw error;
  }
  const server = `unix:${socket}`;
  return { server, record: (seconds) => record(server, env, seconds), close };
}

async function record(server: string, env: NodeJS.ProcessEnv, seconds: number): Promise<Float32Array> {
  const args = ["--device=loudspeaker.monitor", "--format=s16le", "--channels=1", "--latency-msec=100"];
  const recorder = spawn("parec", [...args, `--server=${server}`, `--rate=${LOUDSPEAKER_RATE}`], {
    stdio: ["ignore", "pipe", "inherit"],
    env,
  });
  const wanted = 2 * seconds * LOUDSPEAKER_RATE;
  const blocks: Buffer[] = [];
  let length = 0;
  const gone = once(recorder, "exit");
  for await (const block of recorder.stdout) {
    blocks.push(block as Buffer);
    length += (block as Buffer).length;
    if (length >= wanted) break;
  }
  recorder.kill();
  await gone;
  if (length < wanted) throw new Error("The loudspeaker's recorder ended early.");
  const bytes = Buffer.concat(blocks);
  return Float32Array.from({ length: wanted / 2 }, (_, n) => bytes.readInt16LE(2 * n) / 32_768);
}
