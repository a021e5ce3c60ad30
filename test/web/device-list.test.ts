import { expect, test } from "vitest";
import { deviceOptions } from "../../src/web/device-list.ts";

/** Which devices the studio's list shows, and which of them as chosen. `>` marks the option that is displayed. */

const A = { deviceId: "a", label: "Headset" };
const B = { deviceId: "b", label: "" };

test.each([
  ["no device is known", [], null, [">Default microphone"]],
  ["none was chosen yet", [A, B], null, [">Headset", "Microphone 2"]],
  ["the second is open", [A, B], "b", ["Headset", ">Microphone 2"]],
  ["the open one was unplugged", [B], "a", [">Choose a microphone", "Microphone 1"]],
  [
    "none is open any more, though all are there",
    [A, B],
    "",
    [">Choose a microphone", "Headset", "Microphone 2"],
  ],
  ["the only one was unplugged", [], "a", [">Choose a microphone"]],
])("where %s, the list is right", (_, microphones, selected, shown) => {
  const options = deviceOptions(microphones, selected);
  expect(options.map(({ label, isSelected }) => `${isSelected ? ">" : ""}${label}`)).toEqual(shown);
});
