import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lifeboatOf, withCopy } from "../../build/lifeboat.mjs";

/** What the build tells the pages about the copy, and from where it lets them load. */

const COPY = "https://copy.example.org";
const configured = (value: string) => `[vars]\nSFU_API = "https://sfu.example"\nLIFEBOAT_URL = ${value}\n`;

test("the variable is the environment's, or else that of wrangler.toml", () => {
  expect(lifeboatOf(undefined, "")).toBeNull();
  expect(lifeboatOf(undefined, configured(`"${COPY}"`))).toBe(COPY);
  expect(lifeboatOf(undefined, configured(`'${COPY}/'`))).toBe(COPY);
  expect(lifeboatOf(undefined, `# LIFEBOAT_URL = "${COPY}"`), "a comment").toBeNull();
  expect(lifeboatOf("https://other.example", configured(`"${COPY}"`))).toBe("https://other.example");
  expect(lifeboatOf("", configured(`"${COPY}"`)), "set to nothing").toBeNull();
  for (const url of ["copy.example.org", `${COPY}/folder`, `${COPY}; script-src *`, `${COPY},x`])
    expect(() => lifeboatOf(url, ""), url).toThrow(`not "${url}".`);
});

test("the pages that play may load from the copy, and no other page may", () => {
  const headers = readFileSync(new URL("../../src/web/_headers", import.meta.url), "utf8");
  const [before, after] = [headers, withCopy(headers, COPY)].map((text) => text.split("\n"));
  const changed = (after ?? []).filter((line, n) => line !== before?.[n]);
  expect(after).toHaveLength(before?.length ?? 0);
  expect(changed).toHaveLength(2);
  for (const line of changed) {
    expect(line).toContain(`connect-src 'self' ${COPY}; media-src 'self' ${COPY} blob: data:;`);
    expect(line).toContain("script-src 'self'; style-src 'self'; img-src 'self';");
  }
  const page = (path: string) => after?.[(after?.indexOf(path) ?? 0) + 1];
  expect(changed).toEqual([page("/listen*"), page("/embed*")]);
});
