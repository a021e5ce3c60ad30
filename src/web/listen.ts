import { findCopy } from "./copy.ts";
import { type Happening, happeningOf, seenAfter } from "./line.ts";
import { element, pathId, setText } from "./page.ts";
import { crowdText, onAirText } from "./people.ts";
import { Player } from "./player.ts";
import type { Playing } from "./playing.ts";
import { pollStatus } from "./poll.ts";
import { moveThrough } from "./replay.ts";
import type { Report } from "./status.ts";
import { words } from "./words.ts";

// The listener page and the embed: the same controls, laid out by their own HTML.
const id = pathId();
const badge = element("badge", HTMLElement);
const title = element("title", HTMLElement);
/** Below the controls, which they must not move; the embed has no room for them. */
const description = document.getElementById("description");
const onAir = document.getElementById("on-air");
const sentence = element("sentence", HTMLElement);
const button = element("play", HTMLButtonElement);
const volume = element("volume", HTMLInputElement);
const listeners = element("listeners", HTMLElement);
const audio = element("audio", HTMLAudioElement);

let report: Report | null = null;
let playing: Playing = "stopped";
/** Nothing has been played yet. What the first press of play would have to wait for is prepared before it, once. */
let isNew = true;
/** Play was pressed before there was anything to hear: it starts as soon as there is. */
let armed = false;

/** When the player's last list came, by performance.now(): it tells what happens at the show. */
let listedAt = Number.NEGATIVE_INFINITY;
/** What that list told. A status may come after it that is older: caches keep one for a moment. */
let happenings: readonly Happening[] = [];
/** Who comes may press play after so long, ms, whether or not anybody has said how the show is. */
const UNTOLD_MS = 1_500;
/** Longer than any list is waited for. */
const LISTED_MS = 15_000;

const player = new Player(
  audio,
  `/live/${encodeURIComponent(id)}/index.m3u8`,
  findCopy(id),
  (now) => {
    playing = now;
    render();
    // Whether it can be heard again is told by its status alone.
    if (now === "ended") askNow();
  },
  (dateRanges) => {
    listedAt = performance.now();
    happenings = dateRanges.flatMap((attributes) => happeningOf(attributes) ?? []);
    if (report !== null) report = knowing(report);
    render();
  },
);

/** Whether what happens at the show is told by its playlist. */
function isTold(): boolean {
  return playing === "playing" && performance.now() - listedAt < LISTED_MS;
}

function isActive(): boolean {
  return armed || ["joining", "playing", "replaying", "reconnecting", "no-output"].includes(playing);
}

/** Call it while a press is handled: browsers let sound out only then. */
function begin(): void {
  if (isActive() || button.disabled) return;
  isNew = false;
  if (mayPlay()) {
    player.play(report?.kind === "unreachable");
    askNow();
  } else {
    armed = true;
    player.bless();
    askNow();
  }
  render();
}

/**
 * Whether the playback URL is to be played now. A listener who comes opens the doors of most shows; and where nobody says how
 * the show is, its media may well be there.
 */
function mayPlay(): boolean {
  if (report?.kind !== "status") return report?.kind === "unreachable";
  return report.status.state !== "announced" || report.status.autoOpen;
}

function leave(): void {
  armed = false;
  player.stop();
  render();
}

function onReport(now: Report): void {
  // While sound is playing, an answer that did not come says nothing of the show: keep the last one.
  if (now.kind === "unreachable" && report?.kind === "status" && playing === "playing") return;
  report = knowing(now);
  if (armed && now.kind === "status" && (now.status.state === "open" || now.status.state === "live")) {
    armed = false;
    player.play();
  }
  if (now.kind === "missing") armed = false;
  const isOn = now.kind === "status" && (now.status.state === "open" || now.status.state === "live");
  if (isOn && isNew && !document.hidden) player.prepare();
  render();
}

/** The same, with what the playlist has told since. */
function knowing(now: Report): Report {
  return now.kind === "status" ? { ...now, status: seenAfter(now.status, happenings) } : now;
}

function render(): void {
  if (report === null) return;
  const status = report.kind === "status" ? report.status : null;
  const said = words(report, playing, armed, Date.now());
  const active = isActive();
  const hasEnded = playing === "ended" || status?.state === "ended";
  const over = report.kind === "missing" || (hasEnded && status?.replay !== true && !active);
  setText(badge, said.badge);
  badge.dataset.state =
    status === null ? "off" : status.state === "live" && status.hosts === 0 ? "away" : status.state;
  setText(sentence, said.sentence);
  if (status !== null) {
    setText(title, status.title || "Untitled show");
    if (description !== null) setText(description, status.description);
    document.title = `${status.title || "Untitled show"} · Earshot`;
  }
  setText(listeners, status?.listeners ? crowdText(status) : "");
  if (onAir !== null) setText(onAir, status === null ? "" : onAirText(status));
  button.disabled = over;
  button.setAttribute("aria-label", active ? "Stop" : "Play");
  const sounds = playing === "playing" || playing === "replaying";
  button.dataset.look = active ? (sounds ? "stop" : "busy") : "play";
  tellMediaSession(status?.title ?? "Earshot", active);
}

function tellMediaSession(name: string, active: boolean): void {
  if (!("mediaSession" in navigator)) return;
  if (navigator.mediaSession.metadata?.title !== name) {
    navigator.mediaSession.metadata = new MediaMetadata({ title: name, artist: "Live on Earshot" });
  }
  navigator.mediaSession.playbackState = active ? "playing" : "paused";
}

button.addEventListener("click", () => (isActive() ? leave() : begin()));
volume.addEventListener("input", () => {
  audio.volume = volume.valueAsNumber / 100;
});
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("play", begin);
  navigator.mediaSession.setActionHandler("pause", leave);
  navigator.mediaSession.setActionHandler("stop", leave);
}
const position = document.getElementById("position");
if (position instanceof HTMLInputElement && position.parentElement !== null)
  moveThrough(position.parentElement, position, audio, {
    place: () => player.place,
    seek: (seconds) => player.seek(seconds),
  });
button.disabled = true;
const askNow = pollStatus(id, isActive, onReport, { waits: () => armed, isTold });
window.setTimeout(() => {
  if (report === null) onReport({ kind: "unreachable" });
}, UNTOLD_MS);
