/**
 * V8's flags for a runtime that is on for days, as Miniflare takes them from its environment.
 *
 * What requests and R2 puts leave behind is referred to by the runtime's own objects, so V8's small collections keep it; only
 * a full one frees it. By default V8 begins full collections of an isolate's heap at 32 MB (`v8 --help`,
 * `preconfigured-old-space-size`), which the isolate of Miniflare's R2 reaches late; until then the process grows, and the
 * allocator does not give memory back. With these flags full collections begin at 4 MB and then follow how fast an
 * isolate makes garbage (V8's memory balancer). `npm run soak` measures what comes of it.
 */
export const V8_FLAGS = "--initial-old-space-size=4 --memory-balancer";

/**
 * Whether a message of the runtime only says that it was started with V8 flags: its cache of compiled scripts was made without
 * them, so it compiles these scripts when it starts.
 */
export function isOfFlags(message: string): boolean {
  return message.startsWith("NOSENTRY per-isolate bootstrap compile cache failed its compatibility check");
}
