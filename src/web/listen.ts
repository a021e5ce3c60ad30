import { CopySearch } from "./copy.ts";
import { heedsVolume } from "./element.ts";
import { type ListedEvent, readListedEvent, statusAfter } from "./listed-events.ts";
import { type Step, stepAfter } from "./listen-plan.ts";
import { element, pathId, setText } from "./page.ts";
import { crowdText, onAirText } from "./people.ts";
import { Player } from "./player.ts";
import type { PlayerState } from "./player-state.ts";
import { pollStatus } from "./poll.ts";
import { playbackPath } from "./relay-paths.ts";
import { moveThrough } from "./replay.ts";
import type { StatusAnswer } from "./status.ts";
import { words } from "./words.ts";

// The listener page and the embed. They have the same controls; each has its own HTML.
const id = pathId();
const badge = element("badge", HTMLElement);
const title = element("title", HTMLElement);
/** These two stand below the controls, so that they move none of them. The embed has no room for them (null). */
const description = document.getElementById("description");
const onAir = document.getElementById("on-air");
const sentence = element("sentence", HTMLElement);
const button = element("play", HTMLButtonElement);
const volume = element("volume", HTMLInputElement);
const listeners = element("listeners", HTMLElement);
const audio = element("audio", HTMLAudioElement);

let report: StatusAnswer | null = null;
let playing: PlayerState = "stopped";
/** Whether play has not been pressed yet. Until then the page prepares the player, so that the first press need not wait. */
let isNew = true;
/** Whether play was pressed before there was anything to hear. The player then starts as soon as there is. */
let armed = false;
/** How many statuses in a row have not come. */
let misses = 0;

/** When the player loaded its last playlist, by performance.now(). Playlists tell the show's events. */
let listedAt = Number.NEGATIVE_INFINITY;
/** The events in that playlist. They are applied to later statuses too, which may be older: caches keep a status for a moment. */
let listedEvents: readonly ListedEvent[] = [];
/** After this long a visitor may press play even if no status has arrived, ms. */
const STATUS_WAIT_MS = 1_500;
/** A playlist older than this, ms, means that playlists no longer arrive: no player waits that long for one. */
const LIST_MAX_AGE_MS = 15_000;

const player = new Player(
  audio,
  playbackPath(id),
  new CopySearch(id),
  (now) => {
    playing = now;
    render();
    // Only the status says whether there is a replay.
    if (now === "ended") askNow();
  },
  (dateRanges) => {
    listedAt = performance.now();
    listedEvents = dateRanges.flatMap((attributes) => readListedEvent(attributes) ?? []);
    if (report !== null) report = knowing(report);
    render();
  },
);

/** Whether the player's playlists tell the page the show's events. */
function hasEventsFromPlaylist(): boolean {
  return playing === "playing" && performance.now() - listedAt < LIST_MAX_AGE_MS;
}

function isActive(): boolean {
  return armed || ["joining", "playing", "replaying", "reconnecting", "no-output"].includes(playing);
}

/** Starts or arms the player. Call it while a press is handled: browsers allow sound only then. */
function begin(): void {
  if (isActive() || button.disabled) return;
  isNew = false;
  if (mayPlay()) {
    player.play(report?.kind === "unreachable");
    askNow();
  } else {
    armed = true;
    player.unlock();
    askNow();
  }
  render();
}

/**
 * Whether to play the playback URL now. For most shows, a listener who plays it opens the doors. Where the status can not be
 * read, the media may be there all the same.
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

function onReport(now: StatusAnswer): void {
  // While sound is playing, a missing answer says nothing about the show: keep the last status.
  if (now.kind === "unreachable" && report?.kind === "status" && playing === "playing") return;
  report = knowing(now);
  misses = now.kind === "unreachable" ? misses + 1 : 0;
  take(stepAfter(now, playing, armed, misses));
  const isOn = now.kind === "status" && (now.status.state === "open" || now.status.state === "live");
  if (isOn && isNew && !document.hidden) player.prepare();
  render();
}

function take(step: Step): void {
  if (step === "none") return;
  armed = step === "arm";
  if (step === "arm" || step === "stop") player.stop();
  if (step === "play" || step === "play-in-doubt") player.play(step === "play-in-doubt");
}

/** Returns the report, updated with the events that the playlist has told. */
function knowing(now: StatusAnswer): StatusAnswer {
  return now.kind === "status" ? { ...now, status: statusAfter(now.status, listedEvents) } : now;
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

function setVolume(): void {
  audio.volume = volume.valueAsNumber / 100;
  // Some browsers ignore `volume`, but do honour `muted`.
  audio.muted = volume.valueAsNumber === 0;
}

button.addEventListener("click", () => (isActive() ? leave() : begin()));
volume.addEventListener("input", setVolume);
void heedsVolume(audio).then((heeds) => {
  if (volume.parentElement !== null) volume.parentElement.hidden = !heeds;
  setVolume();
});
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("play", begin);
  navigator.mediaSession.setActionHandler("pause", leave);
  navigator.mediaSession.setActionHandler("stop", leave);
}
const position = document.getElementById("position");
if (position instanceof HTMLInputElement && position.parentElement !== null)
  moveThrough(position.parentElement, position, audio, {
    position: () => player.playbackPosition,
    seek: (seconds) => player.seek(seconds),
  });
button.disabled = true;
const askNow = pollStatus(id, isActive, onReport, { waitsForDoors: () => armed, hasEventsFromPlaylist });
window.setTimeout(() => {
  if (report === null) onReport({ kind: "unreachable" });
}, STATUS_WAIT_MS);
