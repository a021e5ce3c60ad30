import type { Module } from "../../local/bundle.ts";

/** Requests since the relay's start to parts of it that do not report their own counts. */
export interface Counts {
  /** Requests and calls to Broadcast objects, without the messages on the hosts' sockets. */
  readonly broadcast: number;
  /** Reports to Audience objects, from isolates and other shards, and reads of the figure. */
  readonly audience: number;
  /**
   * Playlist requests without `_HLS_part`. The origin's own count does not distinguish them from held ones. In a show
   * without parts no listener sends directives. The edge does if a plain playlist is older than what it has seen, and then
   * names only a segment.
   */
  readonly plainLists: number;
}

/** The entrypoint that answers every request with {@link Counts}. */
export const COUNTS = "Counts";

/**
 * Returns the deployed Worker with counters in its origin and its objects. Here these share one isolate, and so one set of
 * counts. The deployed Worker has no such counters, because a listener's load must not reach the objects.
 *
 * @param worker the Worker's modules; the first is the entry module
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
