/** The Worker's entrypoints and Durable Object classes. */
export { Audience } from "./audience/audience.ts";
export { Broadcast } from "./broadcast/broadcast.ts";
export { Directory } from "./directory/directory.ts";
export { edge as default } from "./edge/edge.ts";
export { Origin } from "./origin/origin.ts";
