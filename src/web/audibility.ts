import type { Audible } from "../session-state.ts";
import { crowdText } from "./people.ts";
import type { KnownStatus, StatusAnswer } from "./status.ts";

/** A peak level below this is silence, dBFS. A working microphone is louder, even in a quiet room. */
export const SILENT_DB = -60;

const NOT_YET = "The relay does not hear you yet.";

/** What a host who is sending is told. */
export interface Audibility {
  /** Whether listeners hear the host. It has no figures: screen readers read it aloud whenever it changes, in the middle of the show. */
  readonly sentence: string;
  /** The level and the number of listeners, in sentences; empty where they are not known. */
  readonly figures: string;
}

/**
 * Tells a host who is sending whether listeners hear the host, and how many listeners there are.
 *
 * @param audible what the relay says of the host's own session; null until it says something
 * @param isMuted whether the host has muted the microphone in this page. The relay then still receives silence, which counts as
 *   audible, and its meter may show another host
 */
export function audibility(
  audible: Audible | null,
  isMuted: boolean,
  report: StatusAnswer | null,
): Audibility {
  const certain = knownBySession(audible, isMuted);
  const sentence = certain ?? knownByStatus(audible, report);
  if (report?.kind !== "status") return { sentence, figures: "" };
  const isMeasured = certain === null && audible === "yes" && isProgramme(report.status);
  const figures = [isMeasured ? level(report.status) : "", crowd(report.status)];
  return { sentence, figures: figures.filter((part) => part !== "").join(" ") };
}

/** Says what is certain without the status, which may be missing or some seconds older; null where the status decides. */
function knownBySession(audible: Audible | null, isMuted: boolean): string | null {
  if (audible === "not-yet") return NOT_YET;
  if (isMuted) return "Listeners do not hear you: you have muted yourself.";
  return audible === "muted" ? "Listeners do not hear you: your producer has muted you." : null;
}

function knownByStatus(audible: Audible | null, report: StatusAnswer | null): string {
  if (report?.kind !== "status") return "The relay's state can not be read just now.";
  const { meter, hosts, line } = report.status;
  if (audible === null) return NOT_YET;
  if (line === "hold") return "Listeners hear hold audio, not you.";
  if (hosts === 0 || meter === null) return "The relay is receiving you.";
  if (meter.peakDb < SILENT_DB) return "The relay receives you, but hears only silence.";
  // The meter measures the whole programme, not this host alone. Hosts who share a key are one name in `onAir`.
  return hosts > 1 ? "The relay is receiving you." : "Listeners hear you.";
}

/** Whether the status measures hosts who are heard. */
function isProgramme({ meter, hosts, line }: KnownStatus): boolean {
  return line !== "hold" && hosts > 0 && meter !== null && meter.peakDb >= SILENT_DB;
}

function level({ meter }: KnownStatus): string {
  return meter === null ? "" : `The show is at ${Math.round(meter.rmsDb)} dB.`;
}

function crowd(status: KnownStatus): string {
  if (status.listeners === null) return "";
  if (status.listeners === 0) return "Nobody is listening.";
  const text = crowdText(status);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
