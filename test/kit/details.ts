import type { Details } from "../../src/broadcast-api.ts";

/** The details of a broadcast of which nothing was said. */
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
  maxHosts: 8,
};
