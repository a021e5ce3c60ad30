import type { Audible } from "../session-state.ts";
import { crowdText } from "./people.ts";
import type { KnownStatus, StatusAnswer } from "./status.ts";

/** A peak level below this is silence, dBFS. A working microphone is louder, even in a quiet room. */
export const SILENT_DB = -60;

const NOT_YET = "The relay does not hear you yet.";

/**
 * Tells a host who is sending whether listeners hear the host, and how many listeners there are.
 *
 * @param audible what the relay says of the host's own session; null until it says something
 * @param isMuted whether the host has muted the microphone in this page. The relay then still receives silence, which counts as
 *   audible, and its meter may show another host
 */
export function audibilityText(
  audible: Audible | null,
  isMuted: boolean,
  report: StatusAnswer | null,
): string {
  const sentence = knownBySession(audible, isMuted) ?? knownByStatus(audible, report);
  return `${sentence}${report?.kind === "status" ? crowd(report.status) : ""}`;
}

/** Says what is certain without the status, which may be missing or some seconds older; null where the status decides. */
function knownBySession(audible: Audible | null, isMuted: boolean): string | null {
  if (audible === "not-yet") return NOT_YET;
  if (isMuted) return "Listeners do not hear you: you have muted yourself.";
  return audible === "muted" ? "Listeners do not hear you: your producer has muted you." : null;
}

function knownByStatus(audible: Audible | null, report: StatusAnswer | null): string {
  if (report?.kind !== "status") return "The relay's state can not be read just now.";
  const { meter, hosts, onAir, line } = report.status;
  if (audible === null) return NOT_YET;
  if (line === "hold") return "Listeners hear hold audio, not you.";
  if (hosts === 0) return "The relay is receiving you.";
  if (meter === null) return "The relay is receiving you.";
  if (meter.peakDb < SILENT_DB) return "The relay receives you, but hears only silence.";
  // The meter measures the whole programme, not this host alone.
  const level = `${Math.round(meter.rmsDb)} dB.`;
  return onAir.length > 1 ? `The show is at ${level}` : `Listeners hear you, at ${level}`;
}

function crowd(status: KnownStatus): string {
  if (status.listeners === null) return "";
  if (status.listeners === 0) return " Nobody is listening.";
  const text = crowdText(status);
  return ` ${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
