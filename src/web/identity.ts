import type { Warning } from "../events.ts";
import { refusal } from "./refusal.ts";
import { readWarnings } from "./warnings.ts";

/** Whose studio a page is: whose key it has. */
export type Identity =
  /** `warnings`: what the relay finds wrong with its sound. */
  | { readonly kind: "host"; readonly name: string; readonly warnings: readonly Warning[] }
  /** The key is not a host's of this show, or not any more. */
  | { readonly kind: "refused"; readonly why: string };

const ANSWER_MS = 5_000;

/** Asks a WHIP endpoint whose key this is (edge/whip.ts); null where it does not say. The key is sent in a header alone. */
export async function whoHolds(endpoint: string, key: string): Promise<Identity | null> {
  try {
    const response = await fetch(endpoint, {
      headers: { Authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (response.status === 401) return { kind: "refused", why: await refusal(response) };
    const name = response.headers.get("Earshot-Host");
    if (!response.ok || name === null) return null;
    const warnings = readWarnings(response.headers.get("Earshot-Warnings"));
    return { kind: "host", name: decodeURIComponent(name), warnings };
  } catch {
    return null;
  }
}
