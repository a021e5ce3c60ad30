import { constants, setPriority } from "node:os";

/**
 * Setup of the unit tests: they run beside tests of the runtime, whose shows run in real time, and take the CPU that those leave
 * over.
 */
setPriority(constants.priority.PRIORITY_LOW);
