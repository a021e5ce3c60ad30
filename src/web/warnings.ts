import { WARNINGS, type Warning } from "../events.ts";

/** What a host is told about each warning: what is wrong, and what to do. The most important comes first. */
const SENTENCES: Readonly<Partial<Record<Warning, string>>> = {
  squeal: "Your loudspeaker and microphone squeal: use headphones, or turn the loudspeaker down.",
  "microphone-dead":
    "Your microphone delivers nothing: see whether it is muted, plugged in, and the one you chose.",
  "host-lost": "The relay has lost your sound, and is getting it back by itself.",
  "host-gone": "No sound of yours reaches the relay: look at your network, or stop and go live again.",
  "host-silent": "You are silent: come closer to the microphone, or see whether it is the right one.",
  clipping: "You are too loud, and distorted: turn your microphone down, or move back from it.",
  "too-quiet": "You are too quiet: turn your microphone up, or come closer to it.",
  "channel-dead": "One of your two channels is dead: look at the cable, or switch stereo off.",
  "packet-loss": "Your network loses your sound in places: use a cable, or come closer to the Wi-Fi.",
  "clock-drift": "Your sound card's clock is off: choose another microphone if listeners hear clicks.",
};
/** Warnings that a muted microphone causes. A host who has muted it knows that it is silent, and is not told. */
const OF_MUTING: readonly Warning[] = ["microphone-dead", "host-silent", "too-quiet"];

/** Returns the sentence for the most important warning; null where there is nothing to say. */
export function warningText(warnings: readonly Warning[], isMuted: boolean): string | null {
  const kinds = Object.keys(SENTENCES) as Warning[];
  const kind = kinds.find((one) => warnings.includes(one) && !(isMuted && OF_MUTING.includes(one)));
  return kind === undefined ? null : (SENTENCES[kind] ?? null);
}

/** Reads the header in which the relay lists a host's warnings. Warnings that this page does not know are left out. */
export function readWarnings(header: string | null): Warning[] {
  const named = (header ?? "").split(",").map((name) => name.trim());
  return WARNINGS.filter((kind) => named.includes(kind));
}
