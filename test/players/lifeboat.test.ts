import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RATE, TONE_HZ } from "../kit/probe/signal.ts";
import { unexcusedGaps } from "../kit/probe/tone.ts";
import { left, run } from "../kit/program.ts";
import { type Stage, setStage } from "../kit/stage.ts";
import { goOnAir } from "./show.ts";

// The relay's port goes dead in the middle of a show: ffmpeg, which plays the copy, plays on.

/** How long ffmpeg plays, and when in that time the port goes dead, seconds. */
const SECONDS = 50;
const DEAD_AFTER_S = 20;
/** When the host's sound is in the copy's playlist, seconds after the start. */
const HEARD_AFTER_S = 8;

let stage: Stage;
let door: Door;

/** The port by which listeners reach the relay; hosts use another. */
class Door {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async open(target: URL): Promise<Door> {
    const server = createServer((socket) => door.#forward(socket, target));
    const door = new Door(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return door;
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Ends all connections; new ones are refused. */
  shut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #forward(socket: Socket, { hostname, port }: URL): void {
    const upstream = dial(Number(port), hostname === "localhost" ? "127.0.0.1" : hostname);
    for (const one of [socket, upstream]) {
      this.#sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        socket.destroy();
        upstream.destroy();
        this.#sockets.delete(one);
      });
    }
    socket.pipe(upstream).pipe(socket);
  }
}

beforeAll(async () => {
  stage = await setStage({ lifeboat: true });
  door = await Door.open(new URL(stage.url));
});
afterAll(async () => {
  door?.shut();
  await stage?.stop();
});

/**
 * Plays a URL with ffmpeg for `seconds`; returns the decoded samples and ffmpeg's messages, without the one on each
 * reload of live fMP4.
 */
async function play(
  url: string,
  seconds: number,
): Promise<{ pcm: Float32Array; said: string; code: number | null }> {
  const args = ["-hide_banner", "-loglevel", "repeat+warning", "-i", url, "-t", String(seconds)];
  const { code, stdout, stderr } = await run("ffmpeg", [...args, "-f", "f32le", "pipe:1"], {
    seconds: 3 * seconds + 30,
  });
  const said = stderr
    .split("\n")
    .filter((line) => line !== "" && !line.includes("Found duplicated MOOV Atom"));
  return { pcm: left(stdout), said: said.join("\n"), code };
}

test("ffmpeg plays on from the copy while the relay's port is dead, and a new client has sound within 5 s", async () => {
  const { show, silence, stalled, settle } = await goOnAir(stage, "balanced");
  await sleep(1_000 * HEARD_AFTER_S);
  stage.settle();
  settle();
  const copy = `${stage.lifeboat}/${show.id}/lifeboat.m3u8`;
  const byDoor = door.origin + new URL(show.playbackUrl).pathname;
  const playing = Promise.all([play(copy, SECONDS), play(byDoor, SECONDS)]);
  await sleep(1_000 * DEAD_AFTER_S);
  door.shut();
  await expect(fetch(byDoor)).rejects.toThrow();
  const came = performance.now();
  const late = await play(copy, 1);
  const startMs = performance.now() - came;
  expect(late.said).toBe("");
  expect(late.pcm.length).toBe(RATE);
  expect(startMs, "until a second of sound is decoded").toBeLessThan(5_000);

  const [own, relayed] = await playing;
  const withheld = Math.max(stage.stalled(), stalled());
  await silence();
  expect(own.said).toBe("");
  expect(own.code).toBe(0);
  expect(own.pcm.length).toBe(SECONDS * RATE);
  const spoken = own.pcm.subarray(HEARD_AFTER_S * RATE);
  console.log(
    `the copy: ${own.pcm.length / RATE} s without a hole; by the relay's port: ${(relayed.pcm.length / RATE).toFixed(1)} s; ` +
      `who came then had sound in ${startMs.toFixed(0)} ms; the machine withheld ${withheld.toFixed(0)} ms`,
  );
  expect(unexcusedGaps(spoken, RATE, TONE_HZ, withheld)).toEqual([]);
  // By the relay's port, ffmpeg only had the media that was there when the port went dead.
  expect(relayed.pcm.length).toBeLessThan((DEAD_AFTER_S + 15) * RATE);
}, 200_000);
