import { setTimeout as sleep } from "node:timers/promises";
import { copyOf } from "../../src/lifeboat.ts";
import { lists } from "../../src/r2-keys.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { readList, variantOf } from "../kit/list.ts";
import { until } from "../kit/polling.ts";
import type { Checks } from "./checks.ts";

/** How long a show's copy may take to have a list, ms: three segments and their way into R2. */
const BEGINS_MS = 15_000;
const SEGMENT_MS = 1_920;
/** How many segments after the list's last one a segment is asked for that does not exist yet. */
const AHEAD = 4;

/**
 * Checks the copy of a show that is on, at the public domain of the bucket, `url`: what only a real zone can show of its
 * headers, its cache and its CORS. `npm start` has no cache before it, and the check says so.
 */
export async function checkLifeboat(checks: Checks, show: CreatedBroadcast, url: string): Promise<void> {
  const list = await checks.run(
    "the copy has a list, which is kept for a second and revalidated",
    async () => {
      const named = await until(
        async () => {
          const response = await fetch(copyOf(url, show.id));
          return response.ok ? new URL(variantOf(await response.text()), response.url).href : null;
        },
        { within: BEGINS_MS, every: 500 },
      );
      const { headers } = await get(named);
      expectHeader(headers, "cache-control", /^public, max-age=1, must-revalidate$/);
      expectHeader(headers, "content-type", /^application\/vnd\.apple\.mpegurl/);
      return named;
    },
  );
  if (list === null) return;
  await checkCopy(checks, list);
  await checkAccess(checks, show, { url, list });
}

/** Checks how the domain's cache treats the copy's media list and its media. */
async function checkCopy(checks: Checks, list: string): Promise<void> {
  await checks.run("its list goes on, not older than two segments", async () => {
    const newest = async () => {
      const { segments } = readList(await (await get(list)).text());
      const last = segments.at(-1);
      if (last === undefined) throw new Error("it has no segments");
      return last.date + 1000 * last.duration;
    };
    const ages: number[] = [];
    for (let n = 0; n < 5; n++) {
      ages.push(Date.now() - (await newest()));
      await sleep(SEGMENT_MS);
    }
    const oldest = Math.max(...ages);
    if (oldest > 2 * SEGMENT_MS + 3_000) throw new Error(`what it had ended ${Math.round(oldest)} ms ago`);
    return `what it has ended ${Math.round(Math.min(...ages))} to ${Math.round(oldest)} ms ago`;
  });

  await checks.run(
    "its media is kept for good, and the second who asks for it is answered by the cache",
    async () => {
      const { segments } = readList(await (await get(list)).text());
      const media = new URL(segments[0]?.name ?? "", list).href;
      const statuses: string[] = [];
      for (let n = 0; n < 3; n++) {
        const { headers } = await get(media);
        expectHeader(headers, "cache-control", /^public, max-age=31536000, immutable$/);
        const status = headers.get(CACHE_STATUS);
        if (status === null) return "no cache stands before it here";
        statuses.push(status);
      }
      if (statuses.at(-1) !== "HIT") throw new Error(`it was ${statuses.join(", ")}`);
      return statuses.join(", ");
    },
  );

  await checks.run("a segment that is not there yet is not there, and is once it is", async () => {
    const { firstMsn, segments } = readList(await (await get(list)).text());
    const msn = firstMsn + segments.length - 1 + AHEAD;
    const name = (segments.at(-1)?.name ?? "").replace(/\d{10}/, String(msn).padStart(10, "0"));
    const media = new URL(name, list).href;
    const early = await fetch(media);
    await early.arrayBuffer();
    if (early.status !== 404) throw new Error(`it was answered ${early.status}`);
    await until(
      async () =>
        readList(await (await get(list)).text()).segments.some((segment) => segment.name === name)
          ? ""
          : null,
      { within: (AHEAD + 3) * SEGMENT_MS, every: 500 },
    );
    const { status, headers } = await fetch(media);
    if (status !== 200) throw new Error(`it is listed, and still ${status} (${headers.get(CACHE_STATUS)})`);
    return `404 was ${early.headers.get(CACHE_STATUS) ?? "of no cache"}`;
  });
}

/** Checks who may read the copy, and who is told about it. */
async function checkAccess(
  checks: Checks,
  show: CreatedBroadcast,
  { url, list }: { readonly url: string; readonly list: string },
): Promise<void> {
  await checks.run("a page of any site may read it, from the cache too", async () => {
    for (let n = 0; n < 2; n++) {
      const { headers } = await get(list, { origin: "https://page.example" });
      expectHeader(headers, "access-control-allow-origin", /^(\*|https:\/\/page\.example)$/);
    }
    return "";
  });

  await checks.run("the playback URL names it where it is asked to, after the relay's own list", async () => {
    const lines = (await (await get(`${show.playbackUrl}?lifeboat=1`)).text()).split("\n");
    const uris = lines.filter((line) => line !== "" && !line.startsWith("#"));
    if (uris.length !== 2 || uris[1] !== list) throw new Error(`it names ${uris.join(" and ")}`);
    return "";
  });

  await checks.run("nothing else of the bucket is open", async () => {
    const { status } = await fetch(`${url}/${show.id}/hold/0.s16le`);
    if (status !== 403 && status !== 404) throw new Error(`it was answered ${status}`);
    return String(status);
  });
}

/** Checks the copy of a show that has ended. */
export async function checkLifeboatEnd(checks: Checks, show: CreatedBroadcast, url: string): Promise<void> {
  await checks.run("the copy lists the whole show, and the show's list names that", async () => {
    const replay = `${url}/${lists.replay(show.id)}`;
    const list = await until(
      async () => {
        const named = variantOf(await (await get(copyOf(url, show.id))).text());
        return new URL(named, copyOf(url, show.id)).href === replay ? get(replay) : null;
      },
      { within: 20_000, every: 500 },
    );
    const { ended, segments } = readList(await list.text());
    if (!ended) throw new Error("its list does not end");
    return `${segments.length} segments`;
  });
}

const CACHE_STATUS = "cf-cache-status";

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url} was answered ${response.status}`);
  return response;
}

function expectHeader(headers: Headers, name: string, form: RegExp): void {
  const value = headers.get(name);
  if (value === null || !form.test(value)) throw new Error(`its ${name} is ${value}`);
}
