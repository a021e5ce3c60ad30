import type { PlayerState } from "./player-state.ts";
import type { KnownStatus, StatusAnswer } from "./status.ts";

/** What a page tells a listener: one badge and one sentence. */
export interface Words {
  readonly badge: string;
  readonly sentence: string;
}

/**
 * Returns the badge and the sentence for the states of a show and a player. What this listener hears takes precedence over what
 * the show does.
 *
 * @param armed whether play was pressed before there was anything to hear
 * @param now ms since 1970
 */
export function words(report: StatusAnswer, playing: PlayerState, armed: boolean, now: number): Words {
  if (report.kind === "missing") return { badge: "Not found", sentence: "There is no show at this address." };
  const badge =
    report.kind === "status" ? badgeOf(report.status) : playing === "playing" ? "Playing" : "Offline";
  return { badge, sentence: sentence(report, playing, armed, now) };
}

function sentence(report: StatusAnswer, playing: PlayerState, armed: boolean, now: number): string {
  if (playing === "reconnecting") return "The connection was lost. Reconnecting by itself …";
  if (playing === "no-output")
    return "This browser has no audio output. Connect headphones or a loudspeaker; if that does not help, restart the browser.";
  if (playing === "blocked") return "Your browser wants one more press before it lets the sound out.";
  const again = report.kind === "status" && report.status.replay;
  if (playing === "ended")
    return `The show has ended. Thank you for listening.${again ? " Press play to hear it from its start." : ""}`;
  if (playing === "replaying") return "You are listening to a show that has ended.";
  if (report.kind !== "status") return unknown(playing, armed);
  const { state, hosts, opensAt, line } = report.status;
  const isHold = line === "hold" && playing === "playing";
  if (state === "ended" && playing === "joining") return "One moment …";
  if (state === "ended" && playing !== "playing")
    return again ? "This show has ended. Press play to hear it." : "This show has ended.";
  if (state === "announced" && playing === "stopped") {
    const begins =
      opensAt === null ? "Not started yet." : `Not started yet: it begins ${timeOf(opensAt, now)}.`;
    return armed
      ? `${begins} It will start here by itself: keep this page open.`
      : `${begins} Press play, and it will start here by itself.`;
  }
  if (playing === "joining") return "Joining …";
  if ((state === "open" || state === "announced") && opensAt !== null) {
    return Date.parse(opensAt) > now
      ? `${isHold ? "Hold music: the" : "The"} show begins ${timeOf(opensAt, now)}. Stay here.`
      : `${isHold ? "Hold music: the" : "The"} show is late: it was to begin ${timeOf(opensAt, now)}. Stay here.`;
  }
  if (state === "live" && hosts === 0)
    return `${isHold ? "Hold music: the" : "The"} host has dropped out and may come back: stay here.`;
  if (isHold && state === "live")
    return "Hold music: nothing comes from the hosts at this moment. Stay here.";
  if (isHold) return "Hold music: the show has not begun yet. Stay here.";
  if (state === "open" || state === "announced") return "The doors are open. The show is about to begin.";
  return playing === "playing" ? "You are listening live." : "On the air now. Press play to listen.";
}

/** The sentence where the status can not be read. The sound does not depend on it. */
function unknown(playing: PlayerState, armed: boolean): string {
  if (playing === "playing") return "You are listening.";
  if (playing === "joining") return "Joining …";
  if (armed)
    return "How the show is can not be told at this moment. It will start here by itself: keep this page open.";
  return "How the show is can not be told at this moment. Press play to listen all the same.";
}

/** Formats an instant in the browser's language, with the day unless it is that of `now`. */
function timeOf(instant: string, now: number): string {
  const at = new Date(instant);
  const time = at.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (at.toDateString() === new Date(now).toDateString()) return `at ${time}`;
  return `on ${at.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" })} at ${time}`;
}

function badgeOf({ state, hosts }: KnownStatus): string {
  if (state === "live") return hosts === 0 ? "Host away" : "Live";
  return { announced: "Not started", open: "Doors open", ended: "Ended" }[state];
}

/** Formats seconds as 7:05 or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const short = `${minutes}:${String(rest).padStart(2, "0")}`;
  return hours === 0 ? short : `${hours}:${short.padStart(5, "0")}`;
}
