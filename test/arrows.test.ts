import { describe, expect, test } from "vitest";
import { codeOf, readTree, type Source, targetOf } from "./kit/sources.ts";

/** The floor plan as a test: which room may import which other rooms and packages, and what the pure rooms never mention. */

const ROOMS: Readonly<Record<string, readonly string[]>> = {
  bounded: [],
  bytes: [],
  json: [],
  limit: [],
  media: [],
  paths: ["media", "problem"],
  problem: [],
  "r2-keys": [],
  "announcement-api": ["problem"],
  "broadcast-api": [
    "access",
    "announcement-api",
    "events",
    "hold-api",
    "media",
    "problem",
    "session-state",
    "talk",
    "webhook-api",
  ],
  "directory-api": ["media"],
  events: [],
  lifeboat: ["r2-keys"],
  "hold-api": ["problem"],
  "live-edge": ["media"],
  "recording-api": ["problem"],
  "recording-range": ["hls", "recording-api"],
  "session-state": [],
  status: ["media"],
  talk: [],
  "webhook-api": ["events"],
  access: [],
  audience: [],
  directory: ["directory-api"],
  ingest: ["broadcast-api", "json", "media", "problem"],
  audio: ["media"],
  hls: ["bytes", "live-edge", "media"],
  broadcast: [
    "access",
    "announcement-api",
    "audio",
    "broadcast-api",
    "bytes",
    "directory-api",
    "events",
    "hls",
    "hold-api",
    "ingest",
    "json",
    "lifeboat",
    "limit",
    "live-edge",
    "media",
    "paths",
    "problem",
    "r2-keys",
    "recording-api",
    "status",
    "talk",
    "webhook-api",
  ],
  origin: [
    "announcement-api",
    "audience",
    "audio",
    "bounded",
    "broadcast",
    "events",
    "hls",
    "hold-api",
    "limit",
    "live-edge",
    "paths",
    "problem",
    "r2-keys",
    "recording-api",
    "recording-range",
    "status",
  ],
  edge: [
    "access",
    "announcement-api",
    "audience",
    "bounded",
    "broadcast-api",
    "bytes",
    "directory-api",
    "events",
    "hold-api",
    "json",
    "limit",
    "live-edge",
    "media",
    "paths",
    "problem",
    "recording-api",
    "recording-range",
    "session-state",
    "talk",
    "webhook-api",
  ],
  web: ["events", "lifeboat", "limit", "problem", "session-state", "status", "talk"],
  worker: ["audience", "broadcast", "directory", "edge", "origin"],
  "local/address": [],
  "local/demo-show": [],
  "local/dev-vars": [],
  "local/sfu": ["local/address"],
  "local/host": ["local/address", "local/demo-show", "local/dev-vars"],
  local: ["local/address", "local/demo-show", "local/dev-vars", "local/sfu"],
};
/** Files outside these rooms that a room may import, by name. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = { edge: ["src/ingest/offer.ts"] };
/** Packages that a room may import; a room that is not named here may import none. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ingest: ["zod"],
  broadcast: ["cloudflare:workers", "zod"],
  origin: ["cloudflare:workers"],
  audience: ["cloudflare:workers"],
  directory: ["cloudflare:workers"],
  edge: ["hono", "hono/streaming", "zod"],
  web: ["hls.js"],
  "local/sfu": ["@hono/node-server", "hono", "libopus-wasm", "werift", "ws", "zod"],
  "local/host": ["libopus-wasm", "werift"],
  local: [
    // These run before the Worker on this machine.
    "cloudflare:workers",
    "earshot-worker",
    // These run the Worker.
    "esbuild",
    "miniflare",
    "wrangler",
  ],
};
const PURE = [
  "audio",
  "bounded",
  "bytes",
  "events",
  "hls",
  "json",
  "lifeboat",
  "live-edge",
  "media",
  "paths",
  "problem",
  "r2-keys",
  "session-state",
  "status",
  "talk",
];
const IMPURE =
  /\b(fetch|Response|Date\.now|new Date\(\)|setTimeout|setInterval|performance|console|Math\.random)\b/;
const DRAWERS = /(^|\/)(utils?|helpers?|shared|common|types|index|misc)(\.|\/)/;
const CEILING = 300;

/** Returns the faults of a tree of sources, one sentence each. */
function faults(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...arrowFaults(source), ...roomFaults(source)]);
}

function arrowFaults({ path, text }: Source): string[] {
  const room = roomOf(path);
  return importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith("node:"))
      return path.startsWith("local/") ? [] : [`${path} imports ${specifier}`];
    if (!specifier.startsWith(".")) {
      return PACKAGES[room]?.includes(specifier) ? [] : [`${path} imports the package ${specifier}`];
    }
    const target = targetOf(path, specifier);
    if (target.startsWith("dist/")) return room === "broadcast" ? [] : [`${path} imports ${target}`];
    const other = roomOf(target);
    const isAllowed = other === room || ROOMS[room]?.includes(other) || EXCEPTIONS[room]?.includes(target);
    return isAllowed ? [] : [`${path} imports ${target}`];
  });
}

/** Returns the circles of imports, type imports included, one sentence each. */
function circles(sources: readonly Source[]): string[] {
  const imported = new Map(
    sources.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => targetOf(path, specifier)),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" -> "));
    if (way.includes(path) || done.has(path)) return;
    for (const next of imported.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of imported.keys()) walk(path, []);
  return found;
}

function roomFaults({ path, text }: Source): string[] {
  const found: string[] = [];
  if (ROOMS[roomOf(path)] === undefined) found.push(`${path} is in no room of the floor plan`);
  if (DRAWERS.test(path)) found.push(`${path} is a drawer, not a noun`);
  if (text.split("\n").length > CEILING) found.push(`${path} has more than ${CEILING} lines`);
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const impure = PURE.includes(roomOf(path)) ? IMPURE.exec(code) : null;
  if (impure !== null) found.push(`${path} mentions ${impure[0]}, and is pure`);
  return found;
}

/**
 * Returns the room of a file: `src/hls/box.ts` is in hls, `local/sfu/api.ts` in local/sfu. `src/media.ts` and
 * `local/address.ts` are rooms of their own.
 */
function roomOf(path: string): string {
  const [top = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  if (top === "src") return second;
  return `${top}/${second}` in ROOMS ? `${top}/${second}` : top;
}

function importsOf(text: string): string[] {
  return [...codeOf(text).matchAll(/(?:^|[^.\w])(?:from|import)\s*\(?\s*"([^"]+)"/gm)].map(
    (match) => match[1] ?? "",
  );
}

/**
 * Returns the imports in `test/` and `bench/` that reach into another folder of `test/`, where that folder is not a shared one.
 */
function borrowed(sources: readonly Source[]): string[] {
  const shared = /^test\/(kit|validator|cache)\/|^test\/[^/]+$/;
  return sources.flatMap(({ path, text }) => {
    const [top = "", folder = ""] = path.split("/");
    const own = top === "test" ? `test/${folder}/` : "test/kit/";
    return importsOf(text)
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => targetOf(path, specifier))
      .filter((target) => target.startsWith("test/") && !target.startsWith(own) && !shared.test(target))
      .map((target) => `${path} imports ${target}`);
  });
}

test("what the folders of test/ and the benches share is in test/kit/, except the validator and the cache model", () => {
  // These have examples of imports in strings.
  const selves = ["test/arrows.test.ts", "test/exports.test.ts"];
  const sources = [...readTree("test"), ...readTree("bench")].filter(({ path }) => !selves.includes(path));
  expect(borrowed(sources)).toEqual([]);
  const text = 'import { x } from "../workers/x.ts";';
  expect(borrowed([{ path: "test/chaos/y.ts", text }])).toEqual([
    "test/chaos/y.ts imports test/workers/x.ts",
  ]);
});

/**
 * Whether a test file has a comment and an empty line after its imports. Without the empty line, the comment belongs to what
 * follows.
 */
function hasHead(text: string): boolean {
  const [first = ""] = text.replace(/^(import\b[^;]*;\s*)+/, "").split("\n\n", 1);
  return first.split("\n").every((line) => /^(\/\/|\/\*\*| \*)/.test(line));
}

test("each test file begins with a comment on what it proves", () => {
  const suites = readTree("test").filter(({ path }) => path.endsWith(".test.ts"));
  expect(suites.length).toBeGreaterThan(80);
  expect(suites.filter(({ text }) => !hasHead(text)).map(({ path }) => path)).toEqual([]);
  const imports = 'import {\n  test,\n} from "vitest";\n\n';
  for (const head of ["/** Head. */\n\n", "// A\n// head.\n\n"])
    expect(hasHead(`${imports}${head}let x;`)).toBe(true);
  for (const none of ["", "/** Of x. */\n", "// Of x.\n"])
    expect(hasHead(`${imports}${none}let x;\n\n/** y */\n\n`)).toBe(false);
});

describe("the floor plan", () => {
  test("holds in the sources", () => {
    const sources = [...readTree("src"), ...readTree("local")];
    expect(sources.length).toBeGreaterThan(40);
    expect(faults(sources)).toEqual([]);
    expect(circles(sources)).toEqual([]);
  });

  test("refuses a circle, of types too", () => {
    const sources = [
      { path: "src/hls/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/hls/b.ts", text: 'import { c } from "./c.ts";' },
      { path: "src/hls/c.ts", text: 'import type { A } from "./a.ts";' },
    ];
    expect(circles(sources)).toEqual(["src/hls/a.ts -> src/hls/b.ts -> src/hls/c.ts -> src/hls/a.ts"]);
    expect(circles(sources.slice(0, 2))).toEqual([]);
  });

  test.each([
    ["an arrow up", "src/hls/box.ts", 'import { x } from "../broadcast/store.ts";'],
    ["an arrow across", "src/audio/mixer.ts", 'import type { Cut } from "../hls/segmenter.ts";'],
    [
      "the edge reaching past the origin",
      "src/edge/edge.ts",
      'import { Broadcast } from "../broadcast/broadcast.ts";',
    ],
    [
      "the edge importing more of the SFU's room than offers",
      "src/edge/whip.ts",
      'import { Sfu } from "../ingest/sfu.ts";',
    ],
    ["anything importing the worker", "src/origin/origin.ts", 'import w from "../worker.ts";'],
    ["a re-export", "src/hls/window.ts", 'export { names } from "../paths.ts";'],
    ["a dynamic import", "src/audio/aac.ts", 'const x = await import("../ingest/sfu.ts");'],
    ["a package where none belongs", "src/audio/aac.ts", 'import { z } from "zod";'],
    [
      "the stand-in reaching into the product",
      "local/sfu/api.ts",
      'import { Sfu } from "../../src/ingest/sfu.ts";',
    ],
    ["the stand-in reaching into the runner", "local/sfu/api.ts", 'import { Relay } from "../relay.ts";'],
    ["the demo host reaching into the stand-in", "local/host/demo.ts", 'import { x } from "../sfu/opus.ts";'],
    ["a clock in a pure room", "src/hls/window.ts", "const now = Date.now();"],
    ["a timer in a pure room", "src/audio/aligner.ts", "setTimeout(() => {}, 1);"],
    ["a drawer", "src/hls/utils.ts", ""],
    ["a room that is not on the plan", "src/services/x.ts", ""],
    ["a file too long", "src/hls/playlist.ts", "\n".repeat(CEILING)],
  ])("refuses %s", (_what, path, text) => {
    expect(faults([{ path, text }])).not.toEqual([]);
  });

  test("allows what is on the plan", () => {
    const text =
      '/** fetch and Date.now() may be spoken of. */\nimport { samples } from "../media.ts";\n// setTimeout';
    expect(faults([{ path: "src/hls/window.ts", text }])).toEqual([]);
  });
});
