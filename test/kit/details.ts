import type { Details } from "../../src/broadcast-api.ts";

/** The details of a broadcast that was created with defaults. */
export const DETAILS: Details = {
  title: "A show",
  description: "",
  artwork: null,
  language: null,
  opensAt: null,
  endsAt: null,
  autoOpen: true,
  idleMinutes: 30,
  endAfterMinutes: null,
  retainDays: 30,
  holdOnDeadAirSeconds: null,
  duckSqueal: false,
  maxHosts: 8,
  hold: "none",
  holdAfterSeconds: 6,
};
