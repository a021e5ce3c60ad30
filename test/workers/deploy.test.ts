import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The bundle and the configuration that a deploy would upload. */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "earshot-deploy-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe("wrangler deploy --dry-run", () => {
  let printed = "";
  beforeAll(async () => {
    const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", out],
      { cwd: ROOT, env: { ...process.env, NO_COLOR: "1", CI: "1", WRANGLER_SEND_METRICS: "false" } },
    );
    printed = stdout + stderr;
  });

  test("makes a bundle of less than 1 MiB, gzipped", () => {
    const [, whole, gzipped] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(printed) ?? [];
    console.log(`bundle: ${whole} KiB, ${gzipped} KiB gzipped`);
    expect(Number(gzipped)).toBeGreaterThan(10);
    expect(Number(gzipped)).toBeLessThan(1024);
  });

  test("binds the objects and the bucket, and prints no warning", () => {
    for (const [binding, resource] of [
      ["BROADCAST", "Broadcast"],
      ["AUDIENCE", "Audience"],
      ["DIRECTORY", "Directory"],
      ["MEDIA", "earshot-media"],
    ]) {
      expect(printed).toMatch(new RegExp(`env\\.${binding} \\(.*${resource}.*\\)`));
    }
    expect(printed).not.toMatch(/warning|error/i);
  });

  test("exports the two entrypoints and the three objects, and nothing else", () => {
    const bundle = readFileSync(join(out, "worker.js"), "utf8");
    const [, exported = ""] = /export \{([^}]*)\};?\s*(?:\/\/.*\s*)*$/.exec(bundle) ?? [];
    const names = exported.split(",").map((name) => name.trim().split(" as ").at(-1));
    expect(names.sort()).toEqual(["Audience", "Broadcast", "Directory", "Origin", "default"]);
  });

  test("carries no secret and no path of this machine", () => {
    const bundle = readFileSync(join(out, "worker.js"), "utf8");
    expect(bundle).not.toContain(ROOT);
    expect(printed).not.toMatch(/ADMIN_TOKEN|EARSHOT_SECRET|SFU_APP_SECRET/);
  });
});

test("after a deploy the objects keep their code for as long as the platform allows", () => {
  const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  expect(config).toContain('code_update_strategy = { mode = "deferred", max_delay = 86400 }');
  expect(config).toMatch(/\[exports\.default\]\ntype = "worker"\ncache = \{ enabled = false \}/);
  expect(config).toMatch(/\[exports\.Origin\]\ntype = "worker"\ncache = \{ enabled = true \}/);
  for (const object of ["Broadcast", "Audience", "Directory"]) {
    expect(config).toMatch(
      new RegExp(`\\[exports\\.${object}\\]\\ntype = "durable-object"\\nstorage = "sqlite"`),
    );
  }
});

test("an object may put a segment and a list every two seconds for as long as a show lasts", () => {
  const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  const [, most = "0"] = /^\[limits\]\nsubrequests = ([\d_]+)$/m.exec(config) ?? [];
  const days = Number(most.replaceAll("_", "")) / 86_400;
  expect(days).toBeGreaterThan(100);
});

test("a deploy does not empty the cache, and no request's URL is logged", () => {
  const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
  expect(config).toMatch(/\[cache\]\nenabled = true\ncross_version_cache = true\n/);
  expect(config).toMatch(/\[observability\.logs\]\nenabled = true\ninvocation_logs = false\n/);
  expect(config).not.toMatch(/^\[observability\]$/m);
});
