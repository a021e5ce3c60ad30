import { createServer } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { Listener } from "../kit/listener.ts";
import { listen } from "../kit/port.ts";
import { Checks } from "./checks.ts";
import { checkRecording, checkReplay } from "./end.ts";

/** The smoke test's checks of a replay and a recording, and that each of them fails where it should. */

/** What is left of an ended show on the relay that stands for a faulty one. */
interface Left {
  /** The list that the playback URL names, and that list's last line. */
  readonly names: string;
  readonly lastLine: string;
  readonly recordingFailures: number;
  /** The segments that are served, of s0 and s1, which are listed. */
  readonly served: readonly string[];
  /** The answers for the recording, one after another; the last one stays. */
  readonly recordings: readonly [status: number, body: string, length?: number][];
}

const WHOLE: Left = {
  names: "e1/rewind.m3u8",
  lastLine: "#EXT-X-ENDLIST",
  recordingFailures: 0,
  served: ["s0.m4s", "s1.m4s"],
  recordings: [
    [409, "{}"],
    [200, "\0\0\0\u0008ftyp"],
  ],
};

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => vi.restoreAllMocks());

/** Runs the checks against a relay with this left of a show, and returns the checks that failed, as they are printed. */
async function failures(left: Left): Promise<string[]> {
  let asked = 0;
  const relay = createServer(({ url = "" }, answer) => {
    answer.setHeader("connection", "close");
    if (url.endsWith("recording.m4a")) {
      const { recordings } = left;
      const [status, body, length = body.length] = recordings[Math.min(asked++, recordings.length - 1)] ?? [
        500,
        "",
      ];
      answer.writeHead(status, { "content-length": length });
      if (length > body.length) answer.write(body, () => answer.destroy());
      else answer.end(body);
    } else if (url.endsWith("index.m3u8")) answer.end(`#EXTM3U\n${left.names}\n`);
    else if (url.endsWith(".m3u8"))
      answer.end(`#EXTM3U\n#EXTINF:1.92,\ns0.m4s\n#EXTINF:1.92,\ns1.m4s\n${left.lastLine}\n`);
    else if (url.endsWith(".m4s"))
      answer.writeHead(left.served.some((name) => url.endsWith(name)) ? 200 : 404).end("media");
    else answer.end(JSON.stringify({ recordingFailures: left.recordingFailures }));
  });
  const url = `http://127.0.0.1:${await listen(relay)}`;
  const show = { id: "show", playbackUrl: `${url}/live/show/index.m3u8` } as CreatedBroadcast;
  const ask = async () => new Response("#EXTM3U\ne1/audio.m3u8\n");
  try {
    const checks = new Checks();
    await checkReplay(checks, show, await Listener.join(show.playbackUrl, {}, ask));
    await checkRecording(checks, { url, adminToken: "token" }, show);
    return printed.filter((line) => line.startsWith("WRONG"));
  } finally {
    relay.close();
  }
}

test("nothing fails where the replay ends, and the recording is whole once it is ready", async () => {
  expect(await failures(WHOLE)).toEqual([]);
  expect(printed).toContain("ok    the recording is there, and is as long as it says: 8 bytes");
});

test.each<[string, Partial<Left>, RegExp]>([
  ["the replay's list does not end", { lastLine: "" }, /no ENDLIST/],
  ["the replay's first segment is missing", { served: ["s1.m4s"] }, /s0.m4s: 404/],
  ["the replay's last segment is missing", { served: ["s0.m4s"] }, /s1.m4s: 404/],
  ["the recording is missing", { recordings: [[404, "{}"]] }, /answered 404/],
  ["the recording breaks off", { recordings: [[200, "\0\0\0\u0008ftyp", 9]] }, /terminated|aborted|closed/],
  ["the recording is no MP4 file", { recordings: [[200, "\0\0\0\u0008moof"]] }, /begins with a box "moof"/],
  ["a put to R2 has failed", { recordingFailures: 2 }, /recordingFailures is 2/],
])("a check fails where %s", async (_, fault, why) => {
  const [failed = "", ...more] = await failures({ ...WHOLE, ...fault });
  expect(failed).toMatch(why);
  expect(more).toEqual([]);
});

test("a check fails where the playback URL names the live list still", { timeout: 20_000 }, async () => {
  expect(await failures({ ...WHOLE, names: "e1/audio.m3u8" })).toEqual([
    expect.stringContaining("it still names the live list"),
  ]);
});
