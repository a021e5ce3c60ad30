/** Checks in a row: each says how it went as soon as it has, and the next goes on all the same. */
export class Checks {
  failed = 0;
  #passed = 0;

  /** Runs one; its value, or null where it failed. A text that it gives is what it found, and is printed beside it. */
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
