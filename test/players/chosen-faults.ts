import type { Fault } from "./fault.ts";
import { HOST_FAULTS } from "./host-faults.ts";
import { RELAY_FAULTS } from "./relay-faults.ts";
import { RUNTIME_FAULTS } from "./runtime-faults.ts";
import { sfuFaults } from "./sfu-faults.ts";

/** FAULTS=long: the faults that take half an hour. FAULTS=TEXT: the faults whose names contain TEXT. Unset: all but the long ones. */
const { FAULTS = "" } = process.env;

export const ARE_LONG = FAULTS === "long";
/** The name of the skipped test in a file of which no fault is chosen. */
export const NONE_HERE = `no fault of this file is chosen by FAULTS=${FAULTS}`;

/** Returns those of these faults that FAULTS chooses. Throws if it chooses none at all: it may be mistyped. */
export function chosenOf(faults: readonly Fault[]): readonly Fault[] {
  if (ARE_LONG) return [];
  const never = () => {
    throw new Error("only the names are asked for");
  };
  const all = [...RELAY_FAULTS, ...HOST_FAULTS, ...sfuFaults(never), ...RUNTIME_FAULTS];
  const isChosen = ({ name }: Fault) => name.includes(FAULTS);
  if (!all.some(isChosen)) throw new Error(`No fault has "${FAULTS}" in its name.`);
  return faults.filter(isChosen);
}
