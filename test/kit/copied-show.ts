import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { startChromium } from "./chromium.ts";
import type { CreatedBroadcast } from "./created.ts";
import { publishRaw } from "./people.ts";
import { TONE_HZ } from "./probe/signal.ts";
import { type Stage, setStage } from "./stage.ts";

/** A `balanced` show whose host sends a tone, on a relay that keeps a copy of it, and a browser for its listeners. */
export interface CopiedShow {
  readonly stage: Stage;
  readonly browser: Browser;
  readonly show: CreatedBroadcast;
  close(): Promise<void>;
}

/** Resolves when the copy has the three segments that a player needs. */
export async function startCopiedShow(): Promise<CopiedShow> {
  const stage = await setStage({ lifeboat: true });
  const browser = await startChromium();
  const show = await stage.create("balanced");
  await publishRaw(browser, show, TONE_HZ);
  await sleep(8_000);
  const close = async () => {
    await browser.close();
    await stage.stop();
  };
  return { stage, browser, show, close };
}
