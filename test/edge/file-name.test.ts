import { expect, test } from "vitest";
import { fileName } from "../../src/edge/file-name.ts";

/** The file name under which a recording is saved. */

test.each([
  ["A show", 'filename="A show.m4a"', "A%20show.m4a"],
  ["Möwen über Köln", 'filename="Mowen uber Koln.m4a"', "M%C3%B6wen%20%C3%BCber%20K%C3%B6ln.m4a"],
  ["対話", 'filename="__.m4a"', "%E5%AF%BE%E8%A9%B1.m4a"],
  ["../../etc/passwd", 'filename="etc passwd.m4a"', "etc%20passwd.m4a"],
  [
    'a"; filename=x\r\nSet-Cookie: y',
    'filename="a ; filename=x Set-Cookie y.m4a"',
    "a%20%3B%20filename%3Dx%20Set-Cookie%20y.m4a",
  ],
  ["It's (live)*", 'filename="It\'s (live).m4a"', "It%27s%20%28live%29.m4a"],
  ["\u202egpj.exe", 'filename="gpj.exe.m4a"', "gpj.exe.m4a"],
  ["\ud800", 'filename="_.m4a"', "%EF%BF%BD.m4a"],
  ["???", 'filename="recording.m4a"', "recording.m4a"],
  // Characters whose compatibility form (NFKD) is one that is not allowed.
  ["Say \uff02hi\uff02", 'filename="Say hi.m4a"', "Say%20%EF%BC%82hi%EF%BC%82.m4a"],
  ["a\uff3cb\uff0fc", 'filename="a b c.m4a"', "a%EF%BC%BCb%EF%BC%8Fc.m4a"],
  ["\u2025\uff0fetc", 'filename="etc.m4a"', "%E2%80%A5%EF%BC%8Fetc.m4a"],
  ["\u2026", 'filename="recording.m4a"', "%E2%80%A6.m4a"],
])("%j becomes a safe file name", (title, plain, encoded) => {
  expect(fileName(title)).toBe(`attachment; ${plain}; filename*=UTF-8''${encoded}`);
});

test("a long title is cut between characters", () => {
  const name = fileName("🎙".repeat(200));
  expect(decodeURIComponent(name.split("UTF-8''")[1] ?? "")).toBe(`${"🎙".repeat(60)}.m4a`);
});

test("a title whose characters have long compatibility forms is cut in ASCII too", () => {
  // Each of these is 18 letters and spaces in its compatibility form.
  const [, plain = ""] = /filename="([^"]*)"/.exec(fileName("\ufdfa".repeat(60))) ?? [];
  expect(plain.length).toBeLessThanOrEqual(60 + ".m4a".length);
});
