/** A separate edge with a memory of its own: the deployed one, without the origin. */
export { edge as default } from "../../src/edge/edge.ts";
