import { monitorEventLoopDelay } from "node:perf_hooks";
import { DROUGHT_MS, type Fault } from "./fault.ts";
import type { FaultRig } from "./fault-rig.ts";
import { type Row, verdictOn } from "./fault-verdict.ts";
import { type Evidence, listenThrough } from "./faulted.ts";

/** How many shows are on at a time: each has a host, a page and a player. */
export const AT_ONCE = 2;
/**
 * The least that players have buffered, ms: they play three parts behind the live edge, and have loaded everything up
 * to the part that is being made.
 */
const BUFFERED_MS = 1_280;
/**
 * How much longer than the drought the page may stand still, ms: a busy machine can delay its decoding by this much.
 */
const SLACK_MS = 300;
/** A page that stands still for this long, ms, joins anew (web/player.ts). Its positions before and after do not compare. */
const JOINS_ANEW_MS = 12_000;
/** How soon after a fault the playlist is current again, ms. */
const PRESENT_MS = 3_000;

/** Runs faults one after the other or a few at once, and collects the outcome of the show in which each was made. */
export class FaultTable {
  readonly #evidence = new Map<Fault, Promise<Evidence>>();
  readonly #lines: string[] = [];
  readonly #atOnce: number;
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  /**
   * The longest time for which the machine kept this process from running while there were players, ms. The relay's
   * process is assumed to have lost as much.
   */
  #withheld = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Begins to run the faults. They are judged only when the last one is over, because judging needs the machine's
   * cores.
   */
  begin(faults: readonly { readonly fault: Fault; readonly rig: FaultRig }[]): void {
    const waiting = faults.map(({ fault, rig }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const evidence = promise.then(() => {
        const { speak, act } = fault.begin();
        return listenThrough(rig, speak, act, fault.afterMs);
      });
      this.#evidence.set(fault, evidence);
      return {
        start: resolve,
        over: evidence.then(
          () => {},
          () => {},
        ),
      };
    });
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        next.start();
        await next.over;
      }
    };
    for (let n = 0; n < this.#atOnce; n++) void worker();
    this.#delay.enable();
    void Promise.allSettled(this.#evidence.values()).then(() => {
      this.#withheld = this.#delay.max / 1e6;
      this.#delay.disable();
    });
  }

  /** Returns the errors and findings of one fault's show that the fault does not explain. */
  async rowOf(fault: Fault): Promise<Pick<Row, "errors" | "findings">> {
    await Promise.allSettled(this.#evidence.values());
    const evidence = await this.#evidence.get(fault);
    if (evidence === undefined) throw new Error(`${fault.name} was not begun with`);
    const row = await verdictOn(evidence);
    this.#add(fault.name, row);
    return {
      errors: row.errors.filter((error) => fault.refused === undefined || !fault.refused.test(error)),
      findings: [...row.findings, ...beyond(fault, row, evidence, this.#withheld)],
    };
  }

  get text(): string {
    const head =
      "gap in host audio, longest without a part, page stood still (longest, all), list present after, sound whole after: ms";
    const tail = `the machine withheld ${this.#withheld.toFixed(0)} ms at worst`;
    return [head, ...this.#lines, tail].join("\n");
  }

  #add(name: string, row: Row): void {
    const numbers = [row.gap, row.drought, row.longest, row.stalls, row.listed, row.sounding];
    const cells = numbers.map((value) => value.toFixed(0).padStart(6));
    this.#lines.push(
      `${name.padEnd(76)} ${cells.join(" ")}  ${row.errors.length} errors ${row.errors.slice(0, 3).join("; ")}`,
    );
  }
}

/** Returns what lasted longer, or happened more often, than the fault and a busy machine explain. */
function beyond(fault: Fault, row: Row, evidence: Evidence, withheld: number): string[] {
  const { gapMs, droughtMs = DROUGHT_MS, leaps: mayLeap = false } = fault;
  const [least, most] = gapMs;
  const found: string[] = [];
  if (row.gap < least || row.gap > most + withheld)
    found.push(`${row.gap.toFixed(0)} ms of the host's sound are missing`);
  if (row.drought > droughtMs + withheld) found.push(`nothing new was listed for ${row.drought} ms`);
  const allowed = Math.max(0, row.drought - BUFFERED_MS) + SLACK_MS + withheld;
  if (row.longest > allowed) found.push(`the page's sound stood still for ${row.longest} ms`);
  if (row.listed > PRESENT_MS + withheld) found.push(`the list was the present one after ${row.listed} ms`);
  const joinsAnew = row.longest >= JOINS_ANEW_MS;
  const leaps = mayLeap || joinsAnew ? [] : evidence.leapt.filter(({ at }) => at > evidence.fault.from);
  const skipped = leaps.reduce((sum, { seconds }) => sum + 1_000 * seconds, 0);
  if (leaps.some(({ seconds }) => seconds < 0) || skipped > allowed)
    found.push(`the page leapt by ${leaps.map(({ seconds }) => seconds)} s`);
  return found;
}
