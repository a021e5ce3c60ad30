import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { mintId } from "../../src/access/id.ts";
import { Secret } from "../../src/access/secret.ts";
import { edge } from "../../src/edge/edge.ts";
import type { EdgeEnv } from "../../src/edge/env.ts";

/** What the event stream's route asks of a Broadcast. The stream itself is tested in the real runtime (workers/events). */

const EARSHOT_SECRET = "0123456789abcdef0123456789abcdef";
const ADMIN_TOKEN = "admin-token-of-this-test";

/** Requests a show's event stream. `waits`: for each call of the Broadcast, whether it may be held until there is an event. */
async function ask(method: string) {
  const waits: boolean[] = [];
  const events = (_after: number, wait: boolean) => {
    waits.push(wait);
    return wait ? new Promise(() => undefined) : Promise.resolve([]);
  };
  const env = {
    EARSHOT_SECRET,
    ADMIN_TOKEN,
    BROADCAST: { idFromName: (name: string) => name, get: () => ({ events }) },
  } as unknown as EdgeEnv;
  const id = await mintId(new Secret(EARSHOT_SECRET), "show");
  const request = new Request(`https://earshot.test/api/broadcasts/${id}/events`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const context = { waitUntil: () => undefined, exports: {} } as unknown as ExecutionContext;
  return { response: await edge.fetch(request, env, context), waits };
}

test("a GET is answered with a stream, which goes on asking for events", async () => {
  const { response, waits } = await ask("GET");
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("retry: 2000\n\n");
  await expect.poll(() => waits).toEqual([false, true]);
});

test("a HEAD is answered with the same headers, and no stream is begun that nobody reads", async () => {
  const { response, waits } = await ask("HEAD");
  expect([response.status, response.body]).toEqual([200, null]);
  for (const [name, value] of [
    ["content-type", "text/event-stream"],
    ["cache-control", "no-store"],
  ] as const)
    expect(response.headers.get(name)).toBe(value);
  await sleep(50);
  expect(waits).toEqual([false]);
});
