import { afterAll, beforeAll, expect, test } from "vitest";
import { type Own, startLocalRelay } from "../../../bench/load/own.ts";
import { openShow } from "../../kit/desk.ts";

/** The relay that the load tool starts counts the requests that reach its origin. */

const START_MS = 60_000;

let own: Own;

beforeAll(async () => {
  own = await startLocalRelay(0);
}, START_MS);

afterAll(() => own.stop());

test("the load tool's relay counts the requests that reach its objects and the plain lists, and nothing else", async () => {
  const { id, playbackUrl } = await openShow(own, "economy");
  const multivariant = await (await fetch(playbackUrl)).text();
  const list = /^[0-9a-z]+\/audio\.m3u8/m.exec(multivariant)?.[0];
  const before = await own.counts();
  for (const [name, status] of [
    [`${id}/status.json`, 200],
    [`${id}/audience.json`, 200],
    ["no-such-show/index.m3u8", 404],
  ]) {
    const response = await fetch(`${own.url}/live/${name}`);
    expect(response.status).toBe(status);
  }
  for (const directives of ["", "?_HLS_msn=0"]) {
    await (await fetch(`${own.url}/live/${id}/${list}${directives}`)).text();
  }
  const after = await own.counts();
  // The status, and the plain list, which also answers the second request.
  expect(after.broadcast - before.broadcast).toBe(2);
  // The status contains the count, for which the Audience is asked.
  expect(after.audience - before.audience).toBe(2);
  expect(after.plainLists - before.plainLists).toBe(1);
});

test("a list of whole segments counts as plain whatever segment is asked for; a list with parts does not", async () => {
  const plain = async (profile: "economy" | "balanced", part: string): Promise<number> => {
    const { playbackUrl } = await openShow(own, profile);
    const path = /^[0-9a-z]+\/audio\.m3u8/m.exec(await (await fetch(playbackUrl)).text())?.[0] ?? "";
    const url = new URL(path, playbackUrl).href;
    const before = await own.counts();
    const list = await (await fetch(url)).text();
    const next = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(list)?.[1]) + list.split("#EXTINF").length - 1;
    expect((await fetch(`${url}?_HLS_msn=${next}${part}`)).status).toBe(200);
    return (await own.counts()).plainLists - before.plainLists;
  };
  // The edge asks like this where it has seen a segment that is in no list of its own.
  expect(await plain("economy", "")).toBe(2);
  expect(await plain("balanced", "&_HLS_part=2")).toBe(1);
});
