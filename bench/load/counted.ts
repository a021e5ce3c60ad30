import type { Module } from "../../local/bundle.ts";

/** What reached parts of the relay that do not tell of it themselves, since the relay began. */
export interface Counts {
  /** Requests and calls to Broadcast objects; not the messages of the hosts' sockets. */
  readonly broadcast: number;
  /** Reports to Audience objects, by isolates and by other shards, and reads of the figure. */
  readonly audience: number;
  /**
   * Lists that are not waited for by name: the origin's own count has one number for these and those that are. Of a show
   * without parts no listener names what to wait for; the edge does where a plain list is behind what it has seen, and
   * names a segment alone.
   */
  readonly plainLists: number;
}

/** The entrypoint that answers every request with {@link Counts}. */
export const COUNTS = "Counts";

/**
 * The deployed Worker with counters where its origin and its objects answer. They share one isolate here, and with it one
 * set of counts; what is deployed has nothing to count them by, since a listener's load must not reach them.
 *
 * @param worker the Worker's modules; the first is the one that is run
 */
export function counted(worker: readonly Module[]): Module[] {
  const script = `
import { WorkerEntrypoint } from "cloudflare:workers";
import * as deployed from "./${worker[0]?.name}";
const counts = { broadcast: 0, audience: 0, plainLists: 0 };
function counted(Base, object, methods) {
  const Counted = class extends Base {};
  for (const name of methods) {
    const answer = Base.prototype[name];
    if (answer === undefined) throw new Error(object + " has no " + name + " any more: count what it has.");
    Counted.prototype[name] = function (...given) {
      counts[object] += 1;
      return answer.apply(this, given);
    };
  }
  return Counted;
}
export { default, Directory } from "./${worker[0]?.name}";
export class Origin extends deployed.Origin {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.endsWith("/audio.m3u8") && !searchParams.has("_HLS_part")) counts.plainLists += 1;
    return super.fetch(request);
  }
}
export const Broadcast = counted(deployed.Broadcast, "broadcast", ["fetch", "read"]);
export const Audience = counted(deployed.Audience, "audience", ["report", "read"]);
export class ${COUNTS} extends WorkerEntrypoint {
  fetch() {
    return Response.json(counts);
  }
}`;
  return [{ name: "counted.js", kind: "script", bytes: new TextEncoder().encode(script) }, ...worker];
}
