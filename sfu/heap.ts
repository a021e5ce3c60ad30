/**
 * V8's flags for a runtime that is on for days, as Miniflare takes them from its environment.
 *
 * What a request leaves behind is held by the runtime's own objects, so that V8's small collections can not tell that it is
 * garbage; a full one can. V8 puts an isolate's first full one off until it has 32 MB, and each later one until 8 MB more
 * than it found alive, what V8 does not count on top. The isolate where Miniflare keeps R2 gets to
 * the first after an hour of one show and longer, and to each later one after a quarter of an hour; all that time the process
 * grows, and what it has once had it keeps. So the first comes at 4 MB, and the later ones by how fast an isolate makes garbage
 * (V8's memory balancer): after a minute or a few.
 */
export const V8_FLAGS = "--initial-old-space-size=4 --memory-balancer";

/**
 * Whether the runtime says no more than that it has V8 flags: its own scripts were compiled without them, and are compiled
 * anew when it starts, in some 30 ms.
 */
export function isOfFlags(message: string): boolean {
  return message.startsWith("NOSENTRY per-isolate bootstrap compile cache failed its compatibility check");
}
