import { AU_SAMPLES, PROFILES, SAMPLE_RATE } from "../../src/media.ts";
import type { Constants } from "./constants.ts";
import type { ShardLoad } from "./shard.ts";
import type { Outcome } from "./show.ts";

/** A list price in US dollars. */
export interface Price {
  readonly dollars: number;
  readonly per: string;
  /** The page of developers.cloudflare.com with this price. */
  readonly source: string;
}

const price = (dollars: number, per: string, source: string): Price => ({ dollars, per, source });

export const PRICES = {
  request: price(0.3, "million Worker requests", "workers/platform/pricing"),
  nested: price(0.3, "million nested calls of a cached entrypoint, hits too", "workers/cache, Billing"),
  cpu: price(0.02, "million CPU ms", "workers/platform/pricing"),
  objectRequest: price(
    0.15,
    "million Durable Object requests, 20 socket messages being one",
    "durable-objects/platform/pricing",
  ),
  objectTime: price(12.5, "million GB-s of Durable Objects", "durable-objects/platform/pricing"),
  row: price(1, "million rows written by Durable Objects", "durable-objects/platform/pricing"),
  put: price(4.5, "million R2 writes", "r2/pricing"),
  get: price(0.36, "million R2 reads", "r2/pricing"),
  storage: price(0.015, "GB-month in R2", "r2/pricing"),
  sound: price(0.05, "GB from the SFU", "realtime/sfu/platform/pricing"),
  egress: price(0, "GB to listeners", "workers/platform/pricing: none"),
} satisfies Record<string, Price>;

/** One line of an hour's bill. */
export interface Item {
  readonly what: string;
  readonly dollars: number;
}

/** SFU messages per second of one host, 20 ms each; and gigabytes of its PCM per hour, 48 kHz, stereo, 16 bit. */
const MESSAGES = 50;
const PCM_GB_PER_HOUR = (48_000 * 4 * 3600) / 1e9;
/** A Durable Object is billed for 128 MB. */
const OBJECT_GB = 0.128;

/**
 * Returns the bill of an hour at the show's rates once all listeners have joined. Prices are list prices: without a plan's
 * included usage, and without a contract.
 */
export function billOf(outcome: Outcome, shard: ShardLoad, constants: Constants): readonly Item[] {
  const hourly = (perSecond: number) => 3600 * perSecond;
  const { segmentUnits } = PROFILES[outcome.latency];
  const segments = 3600 / ((segmentUnits * AU_SAMPLES) / SAMPLE_RATE);
  const requests = hourly(outcome.edge.rate(constants.steadySeconds.value));
  const polls = hourly(outcome.status.edge.rate(constants.steadySeconds.value));
  const partHits = hourly(outcome.media.hitRate(constants.steadySeconds.value));
  const listHits = hourly(outcome.lists.hitRate(constants.steadySeconds.value));
  const edgeCpuMs =
    partHits * constants.partCpuMs.value +
    listHits * constants.playlistCpuMs.value +
    (requests - partHits - listHits) * constants.edgeCpuMs.value;
  const nested = hourly(outcome.lower.rate(constants.steadySeconds.value));
  const runs = hourly(outcome.origin.rate(constants.steadySeconds.value));
  const audience = audienceOf(shard.shards, outcome.isolates / Math.max(1, shard.everySeconds), constants);
  const messages = hourly(constants.hosts.value * MESSAGES) / 20;
  const gigabytes = (segments * 16_000 * ((segmentUnits * AU_SAMPLES) / SAMPLE_RATE)) / 1e9;
  return [
    { what: "players' edge requests", dollars: ((requests - polls) * PRICES.request.dollars) / 1e6 },
    { what: "our page's edge requests", dollars: (polls * PRICES.request.dollars) / 1e6 },
    { what: "edge CPU", dollars: (edgeCpuMs * PRICES.cpu.dollars) / 1e6 },
    { what: "calls of the cached origin", dollars: (nested * PRICES.nested.dollars) / 1e6 },
    { what: "origin CPU", dollars: (runs * constants.originCpuMs.value * PRICES.cpu.dollars) / 1e6 },
    {
      what: "Durable Object requests",
      dollars: ((runs + hourly(audience.requests) + messages) * PRICES.objectRequest.dollars) / 1e6,
    },
    {
      what: "Durable Object time",
      dollars: (hourly(1 + audience.objects) * OBJECT_GB * PRICES.objectTime.dollars) / 1e6,
    },
    { what: "Audience's rows", dollars: (hourly(audience.rows) * PRICES.row.dollars) / 1e6 },
    {
      what: "R2, with a month of the recording",
      dollars:
        (segments * PRICES.put.dollars + runs * PRICES.get.dollars) / 1e6 +
        gigabytes * PRICES.storage.dollars,
    },
    { what: "SFU", dollars: constants.hosts.value * PCM_GB_PER_HOUR * PRICES.sound.dollars },
  ];
}

/** The resources that counting listeners uses, per second. */
interface Counting {
  readonly requests: number;
  /** Objects billed for duration; a fraction if an object sleeps between reports. */
  readonly objects: number;
  readonly rows: number;
}

/**
 * A show's uppermost shard has neither timer nor alarm, so it is billed only for the duration of its calls. Each shard below has
 * a timer while anybody listens, and is billed for all that time (src/audience/audience.ts). The figure is read once in
 * five seconds; the window and the series are stored once in ten.
 */
function audienceOf(shards: number, reports: number, { reportMs }: Constants): Counting {
  const below = shards === 1 ? 0 : shards;
  const onTop = (below === 0 ? reports : below / 10) + 1 / 5;
  return {
    requests: (below === 0 ? 0 : reports) + onTop,
    objects: below + (onTop * reportMs.value) / 1000,
    rows: 2 / 10,
  };
}

/** Returns the dollars per month of continuous counting on `shards` shards, which together get `reports` reports per second. */
export function countingOf(shards: number, reports: number, constants: Constants): number {
  const { requests, objects, rows } = audienceOf(shards, reports, constants);
  const perSecond =
    requests * PRICES.objectRequest.dollars +
    objects * OBJECT_GB * PRICES.objectTime.dollars +
    rows * PRICES.row.dollars;
  return (perSecond * MONTH_SECONDS) / 1e6;
}

const MONTH_SECONDS = 30 * 24 * 3600;

/** Returns the total of a bill, dollars. */
export function totalOf(bill: readonly Item[]): number {
  return bill.reduce((sum, { dollars }) => sum + dollars, 0);
}
