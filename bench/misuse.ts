/** An error in a tool's options, as a sentence. */
export class Misuse extends Error {}

/** Does a tool's work. Resolves with its exit code: that of `work`, or 2 after {@link Misuse}, whose sentence is printed. */
export async function exitCodeOf(work: () => number | Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    console.error(`${error.message} See --help.`);
    return 2;
  }
}
