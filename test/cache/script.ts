import { vi } from "vitest";
import { CacheModel } from "./model.ts";
import type { Tier, Upstream } from "./tier.ts";

/** Moves the fake clock on by `seconds`. */
export const pass = (seconds: number) => vi.setSystemTime(Date.now() + 1000 * seconds);

/** An origin that answers with the given headers and counts: its n-th answer has the body "n". */
export function origin(headers: Record<string, string>, status = 200) {
  const seen: Request[] = [];
  const state = { headers, status, seen };
  const answer: Upstream = async (request) => {
    seen.push(request);
    return new Response(String(seen.length), { status: state.status, headers: state.headers });
  };
  return { ...state, state, model: new CacheModel(answer, 2) };
}

/** A tier's answer, with its body read whole. */
export async function ask(tier: Tier | undefined, path = "/a", init: RequestInit = {}) {
  const response = await tier?.fetch(new Request(`http://any${path}`, init));
  if (response === undefined) throw new Error("no such tier");
  const { status, headers } = response;
  return { status, cache: headers.get("cf-cache-status"), body: await response.text(), headers };
}

/** The same in short: cache status and body. */
export const askShort = async (tier: Tier | undefined, path?: string, init?: RequestInit) => {
  const { cache, body } = await ask(tier, path, init);
  return `${cache} ${body}`;
};
