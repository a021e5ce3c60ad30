import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { unstable_readConfig } from "wrangler";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { LIVE_EDGE_HEADER, writeLiveEdge } from "../../src/live-edge.ts";
import { canonicalPath, LISTENER } from "../../src/paths.ts";
import { cpuOf } from "../../test/kit/cpu.ts";
import { exitCodeOf } from "../misuse.ts";
import { frontService } from "./front.ts";
import { findLoader, type Loader, type Shot } from "./loader.ts";
import { type Page, startNginx } from "./nginx.ts";
import { readOptions, USAGE } from "./options.ts";
import { type Hit, toJson, toText } from "./report.ts";
import { type Service, startWorkerd } from "./workerd.ts";

/**
 * `npm run bench:edge`: the CPU cost of a hit in the edge. It is compared to a Worker that only returns the same prepared answer
 * (the ceiling of any Worker), and to nginx with the same bytes in a file (the upper ceiling). One runtime at a time is under
 * load, in turns, so that other load on the machine disturbs all of them alike. CPU is that of the runtime's own process.
 */

const ROUNDS = 9;
const SECONDS = 1;
const SECRET = "a secret for the bench";
const EPOCH = "benchmark";
const [MSN, INDEX] = [20, 1];

/** A server that answers a Shot, and its process. */
interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly shot: Shot;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const loader = findLoader();
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
  console.log(machine);
  console.log(`Load by ${loader.name}: 32 connections, ${ROUNDS} rounds of ${SECONDS} s each, in turns.\n`);
  const hits = await run(loader);
  if (options.json !== null) writeFileSync(options.json, toJson(machine, loader.name, hits));
  return 0;
}

/** Measures and prints each kind of hit. */
async function run(loader: Loader): Promise<Hit[]> {
  const id = await mintId(new Secret(SECRET), "show");
  const part = canonicalPath({ kind: "part", id, epoch: EPOCH, msn: MSN, index: INDEX });
  const list = canonicalPath({ kind: "playlist", id, epoch: EPOCH, directives: { msn: MSN, part: INDEX } });
  const asked = [
    { kind: "part", path: part },
    { kind: "playlist", path: `${list}&${LISTENER}=z.H2aMt6ogYZcLgu1R7ij21A` },
  ] as const;
  const { compatibility_date: date = "" } = unstable_readConfig({
    config: join(import.meta.dirname, "..", "..", "wrangler.toml"),
  }) as { compatibility_date?: string };
  const hits: Hit[] = [];
  const edge = await startWorkerd(await edgeServices(), date);
  try {
    const pages = await Promise.all(asked.map(({ path }) => read(edge.ports.get("edge") ?? 0, path)));
    const bare = await startWorkerd(
      pages.map((page, n) => bareService(`bare${n}`, page)),
      date,
    );
    const nginx = await startNginx(pages);
    if (nginx === null) console.log("nginx is not installed (apt install nginx): there is no far ceiling.\n");
    try {
      for (const [n, { kind, path }] of asked.entries()) {
        const [page] = pages.slice(n);
        const barePort = bare.ports.get(`bare${n}`) ?? 0;
        if (page !== undefined) await check(page, barePort);
        const contenders: Contender[] = [
          { name: "a Worker that has the answer", pid: bare.pid, shot: { port: barePort, path } },
          { name: "Earshot's edge", pid: edge.pid, shot: { port: edge.ports.get("edge") ?? 0, path } },
        ];
        if (nginx !== null)
          contenders.push({ name: "nginx", pid: nginx.pid, shot: { port: nginx.port, path } });
        const costs = await measure(loader, contenders);
        const hit: Hit = {
          kind,
          bytes: page?.bytes.length ?? 0,
          contenders: contenders.map(({ name }, own) => ({ name, costs: costs[own] ?? [] })),
        };
        hits.push(hit);
        console.log(toText(hit));
      }
      return hits;
    } finally {
      await nginx?.stop();
      await bare.stop();
    }
  } finally {
    await edge.stop();
  }
}

/** Returns the CPU microseconds per request of each contender, by round. */
async function measure(loader: Loader, contenders: readonly Contender[]): Promise<number[][]> {
  for (const { shot } of contenders) await loader.run(shot, SECONDS);
  const costs = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, { pid, shot }] of contenders.entries()) {
      const before = cpuOf(pid);
      const answers = await loader.run(shot, SECONDS);
      costs[n]?.push((1000 * (cpuOf(pid) - before)) / answers);
    }
  }
  return costs;
}

/** Returns the deployed edge with a canned origin bound to it. */
async function edgeServices(): Promise<Service[]> {
  const liveEdge = writeLiveEdge({
    epoch: EPOCH,
    ended: false,
    oldestMsn: 0,
    firstMsn: MSN - 11,
    lastMsn: MSN - 1,
    // The requested part is the next one, so its playlist is one that was held, as players' are.
    openParts: INDEX,
    partsPerSegment: 3,
    partMillis: 640,
    listsParts: true,
    endsAt: Date.now(),
    former: [],
  });
  return [
    await frontService(SECRET, "origin"),
    { name: "origin", modules: { "origin.js": originScript(liveEdge) }, isPublic: false },
  ];
}

/** Returns an origin with three answers: a CMAF part of 640 ms at 128 kbit/s, a live playlist, and the multivariant playlist. */
function originScript(liveEdge: string): string {
  const part = randomBytes(10_650).toString("base64");
  return `
const part = Uint8Array.from(atob(${JSON.stringify(part)}), (c) => c.charCodeAt(0));
const list = ${JSON.stringify(liveList())};
const headers = { "content-type": "application/vnd.apple.mpegurl", "${LIVE_EDGE_HEADER}": "${liveEdge}" };
const media = { "content-type": "audio/mp4", "cache-control": "public, max-age=3600, immutable" };
export default { fetch({ url }) {
  if (url.endsWith(".m4s")) return new Response(part, { headers: media });
  if (url.includes("audio.m3u8")) {
    return new Response(list, { headers: { ...headers, "cache-control": "public, max-age=60" } });
  }
  return new Response("#EXTM3U\\n${EPOCH}/audio.m3u8\\n", {
    headers: { ...headers, "cache-control": "public, max-age=1" },
  });
} };`;
}

/** Returns a playlist as long as the relay's own in its steady state. */
function liveList(): string {
  const lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2"];
  for (let msn = MSN - 11; msn <= MSN; msn++) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:2026-11-21T08:53:${10 + msn}.185Z`);
    for (let part = 0; msn > MSN - 4 && part < 3; part++) {
      lines.push(`#EXT-X-PART:DURATION=0.640,URI="p${msn}.${part}.m4s",INDEPENDENT=YES`);
    }
    lines.push("#EXTINF:1.920,", `s${msn}.m4s`);
  }
  return `${lines.join("\n")}\n`;
}

/** Returns a Worker that only returns a prepared answer with the given bytes and headers. */
function bareService(name: string, { bytes, headers }: Page): Service {
  const script = `import body from "body";
const headers = new Headers(${JSON.stringify(headers)});
const init = { headers, encodeBody: ${JSON.stringify("content-encoding" in headers ? "manual" : "automatic")} };
export default { fetch: () => new Response(body, init) };`;
  return { name, modules: { "bare.js": script, body: bytes }, isPublic: true };
}

/** Requests `path` and returns the answer's bytes, still encoded, and its headers. */
async function read(port: number, path: string): Promise<Page> {
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${port}${path}`, {
    headers: { "accept-encoding": "gzip" },
  });
  if (statusCode !== 200) throw new Error(`${path} was answered ${statusCode}.`);
  const { connection, "keep-alive": keepAlive, "transfer-encoding": chunked, ...kept } = headers;
  return {
    path: path.split("?")[0] ?? path,
    bytes: new Uint8Array(await body.arrayBuffer()),
    headers: kept as Record<string, string>,
  };
}

/** Checks that the ceiling gives the same answer as the edge; only the dates may differ. */
async function check(page: Page, port: number): Promise<void> {
  const other = await read(port, page.path);
  const plain = ({ headers: { date, age, ...rest } }: Page) => JSON.stringify(Object.entries(rest).sort());
  if (plain(page) !== plain(other) || Buffer.compare(page.bytes, other.bytes) !== 0) {
    throw new Error(`The Worker beside the edge answers otherwise: ${plain(page)} and ${plain(other)}.`);
  }
}

process.exitCode = await exitCodeOf(main);
