import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../kit/port.ts";
import { wavOf } from "../kit/wav.ts";

/** `npm run hold`: what it sends, and its error texts. */

let folder: string;
let url: string;
/** The requests that the fake relay has received. */
const asked: { method: string; path: string; token: string; body: Buffer }[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "", url: path = "", headers } = request;
  asked.push({ method, path, token: headers.authorization ?? "", body: Buffer.concat(chunks) });
  response.statusCode = path.includes("nobody") ? 404 : 200;
  const own = { seconds: 2, loudness: -6.02, gainDb: -18 };
  const answer = path.includes("nobody") ? { error: { message: "There is no such broadcast." } } : { own };
  response.end(JSON.stringify(answer));
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "earshot-test-"));
  await writeFile(
    join(folder, "tone.wav"),
    wavOf({ rate: 22_050, channels: 1, bits: 16, seconds: 2 }, (t) => Math.sin(2_000 * t)),
  );
  await writeFile(join(folder, "text.mp3"), "This is no sound.");
  url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function hold(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["local/hold.ts", ...args], {
    env: { ...process.env, ADMIN_TOKEN: "token", ...env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, said };
}

test("converts a file that ffmpeg reads to WAV, and sends it", async () => {
  const { code, said } = await hold([join(folder, "tone.wav"), "--url", url, "--id", "x", "--as-is"]);
  expect([code, said]).toEqual([0, "Set: 2.0 s, -6.0 LUFS, played with -18.0 dB.\n"]);
  const { body, ...put } = asked.at(-1) ?? {};
  expect(put).toEqual({ method: "PUT", path: "/api/broadcasts/x/hold?asis=1", token: "Bearer token" });
  expect(body?.readUInt32LE(24)).toBe(48_000);
  expect(body?.readUInt16LE(22)).toBe(2);
  expect(body?.length).toBeGreaterThan(2 * 192_000);
});

test("sends what would have more than 100 MB in stereo as mono", { timeout: 60_000 }, async () => {
  const file = join(folder, "long.wav");
  await writeFile(
    file,
    wavOf({ rate: 8_000, channels: 1, bits: 16, seconds: 540 }, (t) => Math.sin(2_000 * t)),
  );
  const { code, said } = await hold([file, "--url", url, "--id", "x"]);
  expect(said).toMatch(/^It would have more than 100 MB in stereo, and becomes mono\.\nSet: /);
  expect(code).toBe(0);
  const { body } = asked.at(-1) ?? {};
  expect(body?.readUInt16LE(22)).toBe(1);
  expect(body?.length).toBeGreaterThan(540 * 96_000);
});

test("restores the built-in hold audio", async () => {
  const { code } = await hold(["--default", "--url", url, "--id", "x"]);
  expect([code, asked.at(-1)?.method]).toEqual([0, "DELETE"]);
});

test.each<[string, () => string[], Record<string, string>, number, RegExp]>([
  ["help is asked for", () => ["--help"], {}, 0, /^npm run hold/],
  ["no broadcast is named", () => ["tone.wav"], {}, 2, /--id ID/],
  ["there is no file", () => ["nothing.wav", "--id", "x"], {}, 2, /There is no file/],
  ["an option is unknown", () => ["--loud"], {}, 2, /Unknown option/],
  [
    "ffmpeg can not read the file",
    () => [join(folder, "text.mp3"), "--id", "x"],
    {},
    1,
    /ffmpeg can not read/,
  ],
  [
    "there is no ffmpeg",
    () => [join(folder, "tone.wav"), "--id", "x"],
    { PATH: "/nowhere" },
    3,
    /Install it/,
  ],
  [
    "the relay knows no such broadcast",
    () => [join(folder, "tone.wav"), "--url", url, "--id", "nobody"],
    {},
    1,
    /^There is no such broadcast\.\n$/,
  ],
  [
    "no relay answers",
    () => [join(folder, "tone.wav"), "--url", "http://127.0.0.1:9", "--id", "x"],
    {},
    1,
    /does not answer/,
  ],
])("where %s, says so and ends with the right exit code", async (_, args, env, code, said) => {
  const ended = await hold(args(), env);
  expect(ended.said).toMatch(said);
  expect(ended.code).toBe(code);
});
