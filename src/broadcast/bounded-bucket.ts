import type { Bucket } from "./dependencies.ts";

/**
 * Calls to R2 that one object leaves unanswered at a time, those given up included: each holds one of the six connections that an
 * object has (Workers, limits). With all six in use, calls to the SFU would queue, and no host could publish. While R2 answers, a
 * show has four at most: a segment, a list of the copy, and a chunk each of hold audio and of an announcement.
 */
const MOST_CALLS = 4;

/** Returns the bucket with a bound: while R2 has {@link MOST_CALLS} calls to answer, further calls are rejected at once. */
export function boundedBucket(bucket: Bucket): Bucket {
  let out = 0;
  const call = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (out >= MOST_CALLS) throw new Error(`R2 has not answered ${out} calls yet`);
    out++;
    try {
      return await begin();
    } finally {
      out--;
    }
  };
  return {
    get: ((...parameters: Parameters<Bucket["get"]>) =>
      call(() => bucket.get(...parameters))) as Bucket["get"],
    put: ((...parameters: Parameters<Bucket["put"]>) =>
      call(() => bucket.put(...parameters))) as Bucket["put"],
    delete: (key) => call(() => bucket.delete(key)),
  };
}
