import type { Bucket } from "./dependencies.ts";

/**
 * Calls to R2 that one object leaves unanswered at a time, those given up included: each holds one of the six connections that an
 * object has (Workers, limits). With all six in use, calls to the SFU would queue, and no host could publish. While R2 answers, a
 * show has four at most: a segment, a list of the copy, and a chunk each of hold audio and of an announcement.
 */
const MOST_CALLS = 4;
/** How many of them may be reads, so that a put can always be tried. */
const MOST_READS = 3;

/** Why a call was not made. */
export class TooManyCalls extends Error {
  constructor(out: number) {
    super(`R2 has not answered ${out} calls yet`);
  }
}

/**
 * Returns the bucket with a bound: while R2 has {@link MOST_CALLS} calls to answer, or for a read {@link MOST_READS}, further calls
 * are rejected at once, with {@link TooManyCalls}.
 */
export function boundedBucket(bucket: Bucket): Bucket {
  let out = 0;
  const call = async <T>(begin: () => Promise<T>, most = MOST_CALLS): Promise<T> => {
    if (out >= most) throw new TooManyCalls(out);
    out++;
    try {
      return await begin();
    } finally {
      out--;
    }
  };
  return {
    get: ((...parameters: Parameters<Bucket["get"]>) =>
      call(() => bucket.get(...parameters), MOST_READS)) as Bucket["get"],
    put: ((...parameters: Parameters<Bucket["put"]>) =>
      call(() => bucket.put(...parameters))) as Bucket["put"],
    delete: (key) => call(() => bucket.delete(key)),
  };
}
