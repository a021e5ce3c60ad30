/**
 * Returns the promise's outcome, or rejects if there is none within `millis` ms. The operation behind the promise continues: the
 * platform's calls that are limited here cannot be cancelled.
 */
export function withLimit<T>(promise: Promise<T>, millis: number): Promise<T> {
  // Not all browsers that the pages are built for have Promise.withResolvers.
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${millis} ms`)), millis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
