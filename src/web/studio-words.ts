import { WRONG_KEY } from "./refusal.ts";
import { isOnAir, type Sending } from "./sending.ts";
import type { StatusAnswer } from "./status.ts";
import { warningText } from "./warnings.ts";

/** What the studio page knows, as far as its badge, its sentence and its main button depend on it. */
export interface StudioFacts {
  /** Whether the link has a host key. */
  readonly hasKey: boolean;
  /** Whether the relay has said, when it was asked before the show, that the key is wrong. */
  readonly isKeyWrong: boolean;
  readonly report: StatusAnswer | null;
  readonly sending: Sending;
  /** `lost`: it was open, and has been unplugged. */
  readonly microphone: "none" | "open" | "lost";
  /** Whether a microphone is being opened. */
  readonly isOpening: boolean;
  /** Why the microphone chosen last could not be opened; null where it could. */
  readonly trouble: string | null;
  /** Whether the host has muted the microphone in this page. */
  readonly isMuted: boolean;
}

/** What the studio page says. */
export interface StudioWords {
  readonly badge: string;
  readonly sentence: string;
  /** Whether the sentence says that something is wrong. */
  readonly isBad: boolean;
  /** Whether the main button goes on the air or off. */
  readonly button: "go" | "stop";
  readonly isDisabled: boolean;
  /** Whether the page offers to take another host's place. */
  readonly canTake: boolean;
}

/** What the button for a place in a full show does (broadcast/precedence.ts). */
const TAKING =
  ' Or press "Take a place": somebody else then goes off the air (whoever uses this link too, else the quietest host, else who came first).';

const BADGES: Readonly<Record<Sending["kind"], string>> = {
  idle: "Off the air",
  connecting: "Connecting",
  sending: "On the air",
  lost: "Reconnecting",
  failed: "Off the air",
};

/** Says how the host is doing, and what the main button does. A host on the air can always go off it. */
export function studioWords(facts: StudioFacts): StudioWords {
  const { hasKey, isKeyWrong, report, sending, microphone, isOpening, trouble } = facts;
  const air = isOnAir(sending);
  return {
    badge: BADGES[sending.kind],
    sentence: sentence(facts),
    isBad:
      !hasKey ||
      (isKeyWrong && sending.kind === "idle") ||
      trouble !== null ||
      microphone === "lost" ||
      sending.kind === "failed" ||
      sending.kind === "lost",
    button: air ? "stop" : "go",
    isDisabled: !air && (!hasKey || isOpening || report?.kind === "missing" || hasEnded(report)),
    canTake: isFull(sending),
  };
}

function sentence(facts: StudioFacts): string {
  if (!facts.hasKey)
    return "This link has no host key. Open the studio link you were given, to its last character.";
  if (facts.report?.kind === "missing") return "There is no broadcast at this address.";
  const parts = [aboutSending(facts), aboutMicrophone(facts), aboutSound(facts)];
  return parts.filter((part) => part !== "").join(" ") || atRest(facts);
}

function aboutSending({ sending, isKeyWrong, report, isMuted }: StudioFacts): string {
  switch (sending.kind) {
    case "failed":
      return `${sending.reason}${sending.isFull ? TAKING : ""}`;
    case "lost":
      return `${sending.reason} Trying again by itself …${sending.isFull ? TAKING : ""}`;
    case "connecting":
      return "Connecting …";
    case "sending":
      return isMuted ? "You are on the air, but muted: listeners do not hear you." : "You are on the air.";
    case "idle":
      return isKeyWrong && !hasEnded(report) ? WRONG_KEY : "";
  }
}

/** Says what is wrong with the microphone; empty where nothing is. */
function aboutMicrophone({ sending, microphone, isOpening, trouble }: StudioFacts): string {
  const air = isOnAir(sending);
  if (isOpening) return "Allow the microphone if the browser asks.";
  const lost = air
    ? "The microphone was unplugged. Choose another: you stay on the air, silent."
    : "The microphone was unplugged. Choose another.";
  if (trouble === null) return microphone === "lost" ? lost : "";
  if (!air || microphone === "none") return trouble;
  return microphone === "lost" ? `${lost} ${trouble}` : `${trouble} The microphone before stays on.`;
}

/** Says what the relay finds wrong with the sound; empty where nothing is. */
function aboutSound({ sending, microphone, isMuted }: StudioFacts): string {
  if (sending.kind !== "sending") return "";
  return warningText(sending.warnings, isMuted || microphone === "lost") ?? "";
}

/** The sentence off the air where nothing is wrong. */
function atRest({ report, microphone }: StudioFacts): string {
  if (hasEnded(report)) return "This broadcast has ended.";
  return microphone === "none"
    ? "Test your microphone, or go live at once."
    : "Ready. You are not on the air.";
}

function isFull(sending: Sending): boolean {
  return (sending.kind === "lost" || sending.kind === "failed") && sending.isFull;
}

function hasEnded(report: StatusAnswer | null): boolean {
  return report?.kind === "status" && report.status.state === "ended";
}
