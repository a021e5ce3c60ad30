import type { Playing } from "./player.ts";
import type { Report, Seen } from "./status.ts";

/** What a listener is told, in one badge and one sentence. */
export interface Words {
  readonly badge: string;
  readonly sentence: string;
}

/** The badge and sentence for the states of a show and a player. What this listener hears comes before what the show does. */
export function words(report: Report, playing: Playing, armed: boolean): Words {
  if (report.kind === "missing") return { badge: "Not found", sentence: "There is no show at this address." };
  const badge = report.kind === "status" ? badgeOf(report.status) : "Offline";
  return { badge, sentence: sentence(report, playing, armed) };
}

function sentence(report: Report, playing: Playing, armed: boolean): string {
  if (playing === "reconnecting") return "The connection was lost. Reconnecting by itself …";
  if (playing === "no-output")
    return "This browser has no audio output. Connect headphones or a loudspeaker; if that does not help, restart the browser.";
  if (playing === "blocked") return "Your browser wants one more press before it lets the sound out.";
  if (playing === "ended") return "The show has ended. Thank you for listening.";
  if (report.kind !== "status") return "The relay can not be reached. Trying again by itself …";
  const { state, hosts } = report.status;
  if (state === "ended" && playing !== "playing") return "This show has ended.";
  if (state === "announced") {
    return armed
      ? "Not started yet. It will start here by itself: keep this page open."
      : "Not started yet. Press play, and it will start here by itself.";
  }
  if (playing === "joining") return "Joining …";
  if (state === "live" && hosts === 0) return "The host has dropped out and may come back: stay here.";
  if (state === "open") return "The doors are open. The show is about to begin.";
  return playing === "playing" ? "You are listening live." : "On the air now. Press play to listen.";
}

function badgeOf({ state, hosts }: Seen): string {
  if (state === "live") return hosts === 0 ? "Host away" : "Live";
  return { announced: "Not started", open: "Doors open", ended: "Ended" }[state];
}
