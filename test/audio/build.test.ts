import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openAac } from "../../src/audio/aac.ts";
import { Contexts } from "../../src/audio/contexts.ts";
import { samples } from "../../src/media.ts";

/** The build refuses an encoder whose hash it does not know. */

/** A copy of the build step and of the encoder's package, in which the tests break things. */
const project = fileURLToPath(new URL("../../", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "earshot-aac-"));
const home = "node_modules/@mediabunny/aac-encoder";
const glue = join(copy, home, "dist/modules/build/aac.js");
const manifest = join(copy, home, "package.json");
const wasm = join(copy, "dist/aac.wasm");

beforeEach(() => {
  rmSync(copy, { recursive: true });
  mkdirSync(join(copy, home, "dist/modules/build"), { recursive: true });
  for (const path of ["build/aac.mjs", `${home}/package.json`, `${home}/dist/modules/build/aac.js`]) {
    cpSync(join(project, path), join(copy, path));
  }
});
afterAll(() => rmSync(copy, { recursive: true }));

function build(): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(copy, "build/aac.mjs")], { cwd: tmpdir() }, (error, _, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stderr });
    });
  });
}

function spoil(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, "utf8");
  const spoilt = text.replace(from, to);
  expect(spoilt).not.toBe(text);
  writeFileSync(path, spoilt);
}

describe("build/aac.mjs", () => {
  test("writes the wasm and the names of its exports and imports, from any directory", async () => {
    expect(await build()).toEqual({ code: 0, stderr: "" });
    const names = JSON.parse(readFileSync(join(copy, "dist/aac.json"), "utf8"));
    const module = new WebAssembly.Module(readFileSync(wasm));
    const encoder = openAac(new Contexts(module, names), { bitrate: 128_000, at: samples(0) });
    expect(encoder.push({ at: samples(0), data: new Float32Array(3 * 2_048).fill(0.1) })).toHaveLength(1);
    expect(encoder.flush()).toHaveLength(2);
  });

  test("leaves current outputs alone, and repairs others", async () => {
    await build();
    const { mtimeMs, ino } = statSync(wasm);
    await build();
    expect(statSync(wasm)).toMatchObject({ mtimeMs, ino });
    writeFileSync(wasm, "half");
    expect((await build()).code).toBe(0);
    expect(statSync(wasm).size).toBeGreaterThan(500_000);
  });

  const spoilers: [string, RegExp, () => void][] = [
    [
      "another version",
      /is 1\.60\.0 but this project needs exactly 1\.59\.0/,
      () => spoil(manifest, '"1.59.0"', '"1.60.0"'),
    ],
    ["no package", /not installed/, () => rmSync(join(copy, home), { recursive: true })],
    [
      "another wasm",
      /sha256 \w{64} but \w{64} was expected/,
      () => spoil(glue, /(binaryDecode\('[^a]*asm)/, "$1!"),
    ],
    ["no wasm", /No embedded wasm/, () => spoil(glue, "binaryDecode('", "binaryRead('")],
    ["a missing export", /differs in: send_frame\.$/m, () => spoil(glue, 'Module["_send_frame"] = ', "")],
    [
      "a renamed export",
      /differs in: receive_packet\.$/m,
      () => spoil(glue, 'wasmExports["B"]', 'wasmExports["ZZ"]'),
    ],
    ["a missing import", /differs in: fd_seek, a\.o\.$/m, () => spoil(glue, "o: _fd_seek, ", "")],
    [
      "a renamed import",
      /differs in: fd_seek, a\.o\.$/m,
      () => spoil(glue, "o: _fd_seek", "o: _sched_yield"),
    ],
    [
      "no init",
      /differs in: init\.$/m,
      () => spoil(glue, 'runtimeInitialized = true; wasmExports["s"]()', ""),
    ],
    ["no memory", /differs in: memory\.$/m, () => spoil(glue, 'wasmMemory = wasmExports["r"]', "")],
  ];
  test.each(spoilers)("%s gives one sentence, no stack and no output", async (_, sentence, spoilIt) => {
    spoilIt();
    const { code, stderr } = await build();
    expect(code).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(() => statSync(wasm)).toThrow(/ENOENT/);
  });
});
