/**
 * The promise's outcome, or a rejection when there is none within `millis`. The promise itself goes on: nothing that the
 * platform hands out here can be called off.
 */
export function withLimit<T>(promise: Promise<T>, millis: number): Promise<T> {
  // Promise.withResolvers is not in all the browsers for which the pages are built.
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${millis} ms`)), millis);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
