/**
 * V8 flags for a runtime that runs for days. Miniflare takes them from its environment.
 *
 * Garbage from requests and R2 puts is referenced by the runtime's own objects, so V8's minor collections keep it; only a full
 * collection frees it. By default V8 begins full collections of an isolate's heap at 32 MB (`v8 --help`,
 * `preconfigured-old-space-size`), which the isolate of Miniflare's R2 reaches late. Until then the process grows, and the
 * allocator does not return memory. With these flags full collections begin at 4 MB, and then follow the isolate's garbage rate
 * (V8's memory balancer). `npm run soak` measures the effect.
 */
export const V8_FLAGS = "--initial-old-space-size=4 --memory-balancer";

/**
 * Whether a message of the runtime only reports that it was started with V8 flags. Its cache of compiled scripts was made
 * without them, so it compiles these scripts at startup.
 */
export function isOfFlags(message: string): boolean {
  return message.startsWith("NOSENTRY per-isolate bootstrap compile cache failed its compatibility check");
}
