import type { Secret } from "../access/secret.ts";
import type { Secrets } from "../access/secrets.ts";
import type { Dependencies } from "./dependencies.ts";
import { setAside } from "./resumption.ts";
import type { Show } from "./show.ts";
import type { ShowRow } from "./show-row.ts";
import type { Store } from "./store.ts";

/** What a recovery needs of the restarted object. */
interface Restarted extends Pick<Dependencies, "waitUntil"> {
  readonly store: Store;
  readonly secrets: Secrets;
  /** Makes the show of a row, with the secret that its id was made with. */
  readonly make: (row: ShowRow, secret: Secret) => Show;
}

/**
 * Resumes the show that is stored in a restarted object, and returns it; null: none is stored. A show whose row is damaged is
 * reopened if it was running or has hosts. A show whose secret is gone is ended.
 *
 * @param id the show's: a damaged row may have lost it
 */
export async function recover(
  id: string,
  { store, secrets, make, waitUntil }: Restarted,
): Promise<Show | null> {
  const stored = store.show(id);
  if (stored === null) return null;
  const row = stored.kind === "whole" ? stored.row : repair(stored.row, store);
  const secret = await secrets.of(row.id);
  if (secret === null) return endUnreachable(make(row, secrets.present), waitUntil);
  const show = make(row, secret);
  const hasHosts = show.publishers.sessions.length > 0;
  if (stored.kind === "damaged" && (stored.wasRunning || hasHosts)) show.open();
  show.start();
  show.doWhatIsDue();
  return show;
}

/**
 * Ends a show whose secret is gone: nobody can reach it, so it would run, and cost, for ever. Checking the secret once, at the
 * restart, is enough: an object's bindings do not change while it lives. If nobody calls the object, the alarm of the running
 * show restarts it.
 */
function endUnreachable(show: Show, waitUntil: Dependencies["waitUntil"]): Show {
  const { id, state } = show.life.row;
  if (state === "ended") return show;
  console.warn(`${id} has ended: it was made under a secret that this deployment does not have any more.`);
  waitUntil(show.endAtOnce());
  return show;
}

/**
 * Stores what could be read of a damaged row. The timeline can not go on. The stored parts belong to the newest timeline of the
 * segment index, so those that R2 lacks wait for it under that epoch, as after any timeline's end.
 */
function repair(row: ShowRow, store: Store): ShowRow {
  const repaired = { ...row, anew: { at: Date.now(), why: "its row could not be read" } };
  console.warn(`The timeline of ${row.id} can not go on: its row could not be read.`);
  setAside(row.id, store.index.newestEpoch(), store);
  store.putShow(repaired);
  return repaired;
}
