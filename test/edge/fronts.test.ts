import { expect, test } from "vitest";
import { Fronts, type Playlist } from "../../src/edge/fronts.ts";
import { Held } from "../../src/edge/held.ts";

const NOW = 1_800_000_000_000;
const EPOCH = "k0000000";
const asked = (id: string, epoch = EPOCH): Playlist => ({ kind: "playlist", id, epoch, directives: {} });

/** A list with `openParts` behind its last segment, made at `madeAt`. */
function list(lastMsn: number, openParts: number, { epoch = EPOCH, madeAt = NOW } = {}): Promise<Held> {
  const loaded = {
    status: 200,
    contentType: "application/vnd.apple.mpegurl",
    cacheControl: "public, max-age=1",
    retryAfter: null,
    bytes: new TextEncoder().encode(`${lastMsn}.${openParts}`),
    ageMs: 0,
    horizon: `${epoch};live;0;${lastMsn};${openParts};3;640;parts;${madeAt}`,
  };
  return Held.of(loaded, madeAt);
}

test("a plain list that is older than the newest known gives way to it, and one of another epoch does not", async () => {
  const fronts = new Fronts();
  const [older, newer, newest] = [await list(9, 1), await list(9, 2), await list(10, 0)];
  expect(fronts.newest(asked("a"), older)).toBe(older);
  fronts.note(asked("a"), newer);
  expect(fronts.newest(asked("a"), older)).toBe(newer);
  expect(fronts.newest(asked("a"), newest)).toBe(newest);
  expect(fronts.newest(asked("b"), older)).toBe(older);
  const other = await list(0, 1, { epoch: "j0000000" });
  expect(fronts.newest(asked("a", "j0000000"), other)).toBe(other);
});

test("a list serves those who join for as long as a part lasts", async () => {
  const fronts = new Fronts();
  const held = await list(9, 1);
  fronts.note(asked("a"), held);
  expect(fronts.young(asked("a"), NOW + 639)).toBe(held);
  expect(fronts.young(asked("a"), NOW + 640)).toBe(null);
});

test("a list noted late does not take the front back", async () => {
  const fronts = new Fronts();
  const newer = await list(10, 0);
  fronts.note(asked("a"), newer);
  fronts.note(asked("a"), await list(9, 2));
  expect(fronts.horizonOf("a")).toEqual(newer.horizon);
  expect(fronts.isBehind("a")).toBe(false);
  expect(fronts.young(asked("a"), NOW)).toBe(newer);
});

test("of more than a thousand shows the one least recently changed is forgotten", async () => {
  const fronts = new Fronts();
  const held = await list(9, 1);
  for (let n = 0; n < 1_000; n++) fronts.note(asked(`show-${n}`), held);
  fronts.note(asked("show-0"), await list(9, 2));
  fronts.note(asked("one more"), held);
  expect(["show-0", "show-1", "show-2", "one more"].map((id) => fronts.horizonOf(id) !== null)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});
