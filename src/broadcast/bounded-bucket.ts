import type { Bucket } from "./dependencies.ts";

/**
 * Calls to R2 that one object leaves unanswered at a time, those given up included: each holds one of the six connections that an
 * object has (Workers, limits). With all six in use, calls to the SFU would queue, and no host could publish. While R2 answers, a
 * show has four at most: a segment, a list of the copy, and a chunk each of hold audio and of an announcement.
 */
const MOST_CALLS = 4;
/** Reads among them, so that a put can always be tried. */
const MOST_READS = 3;

/** A call to R2 that was not made, so that R2 has not failed. */
export class NotAsked extends Error {}

/** It was not made because R2 leaves too many others unanswered. */
export class TooManyCalls extends NotAsked {
  constructor(out: number) {
    super(`R2 has not answered ${out} calls yet`);
  }
}

/**
 * Returns the bucket with a bound: while R2 has {@link MOST_CALLS} calls to answer, further ones are rejected at once, and while
 * {@link MOST_READS} of them are reads, further reads, with {@link TooManyCalls}.
 */
export function boundedBucket(bucket: Bucket): Bucket {
  let out = 0;
  let reads = 0;
  const call = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (out >= MOST_CALLS) throw new TooManyCalls(out);
    out++;
    try {
      return await begin();
    } finally {
      out--;
    }
  };
  const read = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (reads >= MOST_READS) throw new TooManyCalls(reads);
    reads++;
    try {
      return await call(begin);
    } finally {
      reads--;
    }
  };
  return {
    get: ((...parameters: Parameters<Bucket["get"]>) =>
      read(() => bucket.get(...parameters))) as Bucket["get"],
    put: ((...parameters: Parameters<Bucket["put"]>) =>
      call(() => bucket.put(...parameters))) as Bucket["put"],
    delete: (key) => call(() => bucket.delete(key)),
  };
}
