import type { KnownStatus } from "../../src/web/status.ts";

/** What the pages know of a show that has been announced, and of which nothing else is known. */
export const ANNOUNCED: KnownStatus = {
  title: "T",
  description: "",
  opensAt: null,
  autoOpen: true,
  state: "announced",
  replay: false,
  hosts: 0,
  onAir: [],
  line: null,
  listeners: null,
  error95: null,
  confidence: null,
  meter: null,
  lastEvent: 0,
};
