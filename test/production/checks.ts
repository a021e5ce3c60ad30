/** Checks that run one after another. Each reports its result at once, and the next one runs in any case. */
export class Checks {
  failed = 0;
  #passed = 0;

  /** Runs one check. Returns its value, or null where it failed. A text that the check returns is printed beside its name. */
  async run<T>(name: string, check: () => Promise<T>): Promise<T | null> {
    try {
      const value = await check();
      this.#passed++;
      console.log(`ok    ${name}${typeof value === "string" && value !== "" ? `: ${value}` : ""}`);
      return value;
    } catch (error) {
      this.failed++;
      console.log(`WRONG ${name}: ${(error as Error).message}`);
      return null;
    }
  }

  summary(): string {
    return this.failed === 0
      ? `All ${this.#passed} hold.`
      : `${this.failed} of ${this.failed + this.#passed} do not hold.`;
  }
}
