import { expect, test } from "vitest";
import { type DemoShow, findDemo } from "../../local/demo-show.ts";

/** Which broadcast `npm start` and `npm run demo` use, from the ones that there are. */

const DEMO = { whipUrl: "", hostKey: "", playbackUrl: "", listenUrl: "", studioUrl: "", statusUrl: "" };

test.each([
  [{}, { kind: "missing", slug: "demo", ended: null }],
  [{ demo: "announced" }, { kind: "there", show: "demo", ended: null }],
  [{ demo: "live" }, { kind: "there", show: "demo", ended: null }],
  [{ demo: "ended" }, { kind: "missing", slug: "demo-2", ended: "demo" }],
  [
    { demo: "ended", "demo-2": "live" },
    { kind: "there", show: "demo-2", ended: "demo" },
  ],
  [
    { demo: "ended", "demo-2": "ended" },
    { kind: "missing", slug: "demo-3", ended: "demo-2" },
  ],
  // The older one has been removed after its retention period.
  [{ "demo-2": "live" }, { kind: "missing", slug: "demo", ended: null }],
])("of %j: %j", async (states: Readonly<Record<string, string>>, expected) => {
  const describe = async (slug: string): Promise<DemoShow | null> => {
    const state = states[slug];
    return state === undefined ? null : { ...DEMO, id: slug, state };
  };
  const { ended, ...found } = await findDemo(describe);
  const named = found.kind === "there" ? { kind: found.kind, show: found.show.id } : found;
  expect({ ...named, ended: ended?.id ?? null }).toEqual(expected);
});
