import { afterAll, beforeAll, expect, test } from "vitest";
import type { CreatedBroadcast } from "../kit/created.ts";
import { EARSHOT } from "../kit/deployed.ts";
import { Listener } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import { Runtime } from "../kit/runtime.ts";

/** A show whose segments could not be put into R2 for ten minutes, at the moment when R2 takes them again. */

/** Ten minutes of segments of two seconds. */
const BACKLOG = 300;

let relay: Runtime;
let show: CreatedBroadcast;

beforeAll(async () => {
  relay = await Runtime.start([EARSHOT], { opensStorage: true });
  show = await relay.open({ latency: "balanced" });
});
afterAll(() => relay.close());

/** Returns how many of the show's finished segments R2 does not have. */
async function owed(): Promise<number> {
  const [row] = await relay.sql(show.id, "SELECT COUNT(*) AS owed FROM segment WHERE kept = 0");
  return Number(row?.owed);
}

/** Adds copies of the newest finished segment before the show's first. */
async function addBacklog(): Promise<void> {
  const numbers = `WITH RECURSIVE n(msn) AS (SELECT -${BACKLOG} UNION ALL SELECT msn + 1 FROM n WHERE msn < -1)`;
  const newest = "(SELECT MAX(msn) FROM segment)";
  await relay.sql(
    show.id,
    `INSERT INTO part ${numbers} SELECT n.msn, idx, at, duration, bytes FROM part, n WHERE part.msn = ${newest}`,
  );
  await relay.sql(show.id, `INSERT INTO segment ${numbers} SELECT msn, 0 FROM n`);
}

test("the show's object answers while it puts 300 segments", { timeout: 30_000 }, async () => {
  const listener = await Listener.join(show.playbackUrl);
  const { firstMsn, segments } = await listener.list();
  await addBacklog();
  const seen = new Set<number>();
  const taken = until(
    async () => {
      const count = await owed();
      seen.add(count);
      return count === 0;
    },
    { within: 20_000, every: 1, failure: () => `R2 still lacks ${[...seen].at(-1)} segments` },
  );
  // Somebody must listen: a show that nobody attends rests.
  await listener.until(firstMsn + segments.length + 2, 0);
  await taken;
  const between = [...seen].filter((count) => count > 0 && count < BACKLOG);
  expect(between.length).toBeGreaterThan(5);
});
