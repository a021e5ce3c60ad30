import { FIRST_HOST_NAME } from "../status.ts";
import { audibility } from "./audibility.ts";
import { deviceOptions } from "./device-list.ts";
import { LevelWatch } from "./level-words.ts";
import { look } from "./look.ts";
import { FLOOR_DB, Meter } from "./meter.ts";
import { type Capture, listMicrophones, type Microphone, openMicrophone } from "./microphone.ts";
import { OthersList } from "./others-list.ts";
import { element, pathId, setText } from "./page.ts";
import { pollStatus } from "./poll.ts";
import { talksPath, whipPath } from "./relay-paths.ts";
import { Sender } from "./sender.ts";
import { isOnAir, type Sending } from "./sending.ts";
import type { StatusAnswer } from "./status.ts";
import { studioWords } from "./studio-words.ts";
import { Talkback } from "./talkback.ts";
import { talkbackSentence } from "./talkback-state.ts";

// The studio: one microphone, on the air over WHIP. The host key is in the URL's fragment, which browsers
// never send: it reaches no server log, no Referer and no cache.
const id = pathId();
const key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";

const title = element("title", HTMLElement);
const badge = element("badge", HTMLElement);
const message = element("message", HTMLElement);
const who = element("who", HTMLElement);
const device = element("device", HTMLSelectElement);
const stereo = element("stereo", HTMLInputElement);
const echo = element("echo", HTMLInputElement);
const noise = element("noise", HTMLInputElement);
const gain = element("gain", HTMLInputElement);
const button = element("go", HTMLButtonElement);
const take = element("take", HTMLButtonElement);
const mute = element("mute", HTMLButtonElement);
const test = element("test", HTMLButtonElement);
const bar = element("level", HTMLMeterElement);
const levelText = element("level-text", HTMLElement);
const heard = element("heard", HTMLElement);
const figures = element("figures", HTMLElement);
const elapsed = element("elapsed", HTMLElement);
const monitor = element("monitor", HTMLAnchorElement);
const othersSection = element("others", HTMLElement);
const talkbackText = element("talkback", HTMLElement);
const people = new OthersList(element("people", HTMLElement));

const levelWatch = new LevelWatch();
let stream: MediaStream | null = null;
let meter: Meter | null = null;
/** The host's name; empty until the relay says it. */
let hostName = "";
let isKeyWrong = false;
let sending: Sending = { kind: "idle" };
let report: StatusAnswer | null = null;
let opening = false;
let trouble: string | null = null;
/** Counts the microphones that were asked for: only the newest answer counts. */
let asked = 0;
let muted = false;
let onAirSince = 0;

const talkback = new Talkback(talksPath(id), key, (state) => {
  setText(talkbackText, talkbackSentence(state));
  talkbackText.dataset.bad = String(state.kind === "lost");
  othersSection.hidden = state.kind === "off";
  people.show(state.kind === "hearing" ? state.voices : []);
});

const sender = new Sender(whipPath(id), key, (now) => {
  if (now.kind === "sending" && onAirSince === 0) onAirSince = Date.now();
  if (now.kind === "idle" || now.kind === "failed") onAirSince = 0;
  if (now.kind === "sending") hostName = now.name;
  sending = now;
  // Talk-back has a connection of its own, so that its failures do not affect what is sent.
  if (now.kind === "sending") talkback.start(now.session);
  else talkback.stop();
  render();
});

function capture(): Capture {
  return {
    ...(device.value ? { deviceId: device.value } : {}),
    stereo: stereo.checked,
    echoCancellation: echo.checked,
    noiseSuppression: noise.checked,
    autoGainControl: gain.checked,
  };
}

/** Opens the chosen microphone in place of the open one. Where that fails, the one before stays, and the list shows that one. */
async function open(): Promise<void> {
  const turn = ++asked;
  opening = true;
  trouble = null;
  render();
  const reason = await openChosen(() => turn === asked);
  if (turn === asked) {
    opening = false;
    trouble = reason;
    render();
  }
  void showDevices();
}

/** Resolves with why the chosen microphone could not be opened or sent; null where it is, or another was chosen meanwhile. */
async function openChosen(isCurrent: () => boolean): Promise<string | null> {
  const opened = await openMicrophone(capture());
  if (opened.kind === "refused") return opened.reason;
  if (!isCurrent()) {
    opened.track.stop();
    return null;
  }
  // The browser may refuse to send this track.
  return use(opened).then(() => null, reasonOf);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Sends the new microphone, and then gives up the open one. Throws where the browser does not send it: the open one then stays. */
async function use({ stream: opened, track }: Microphone): Promise<void> {
  try {
    track.enabled = !muted;
    await sender.replace(track);
  } catch (error) {
    track.stop();
    throw error;
  }
  for (const old of stream?.getTracks() ?? []) old.stop();
  stream = opened;
  // The host may have muted the old one meanwhile.
  track.enabled = !muted;
  track.addEventListener("ended", () => {
    void showDevices();
    render();
  });
  measure(opened);
}

/** Shows the level of a microphone. Whether that works has no effect on what is sent. */
function measure(opened: MediaStream): void {
  levelWatch.restart(Date.now());
  try {
    meter ??= new Meter();
    meter.listen(opened);
  } catch {
    // The meter then reads null, and the page says that the level can not be shown.
  }
}

/** Lists the devices that are there, with the open one as chosen. Where the browser does not tell them, the list stays as it is. */
async function showDevices(): Promise<void> {
  const microphones = await listMicrophones().catch(() => null);
  if (microphones === null) return;
  const options = deviceOptions(microphones, shownDevice()).map(
    ({ label, deviceId, isSelected }) => new Option(label, deviceId, isSelected, isSelected),
  );
  device.replaceChildren(...options);
}

/** Returns the id of the device to show as chosen; empty: none is open any more; null: none was chosen yet. */
function shownDevice(): string | null {
  if (stream === null) return device.value || null;
  if (!stream.active) return "";
  return stream.getAudioTracks()[0]?.getSettings().deviceId ?? device.value;
}

function microphoneState(): "none" | "open" | "lost" {
  if (stream === null) return "none";
  return stream.active ? "open" : "lost";
}

function onGo(): void {
  trouble = null;
  if (isOnAir(sending)) sender.stop();
  else void goLive(false);
}

/** Goes on the air, in a full show in the place of another host if `takesPlace`. */
async function goLive(takesPlace: boolean): Promise<void> {
  if (!stream?.active) await open();
  const track = stream?.active ? stream.getAudioTracks()[0] : undefined;
  if (track) sender.start(track, stereo.checked, takesPlace);
}

function onMute(): void {
  muted = !muted;
  for (const track of stream?.getAudioTracks() ?? []) track.enabled = !muted;
  levelWatch.restart(Date.now());
  render();
}

function render(): void {
  const status = report?.kind === "status" ? report.status : null;
  if (status) {
    setText(title, status.title || "Untitled show");
    document.title = `${status.title || "Untitled show"} · Studio`;
  }
  // The first host, which every broadcast has, is not named by anybody: its default name is not shown.
  setText(who, hostName === "" || hostName === FIRST_HOST_NAME ? "" : `You are ${hostName}.`);
  const words = studioWords({
    hasKey: key !== "",
    isKeyWrong,
    report,
    sending,
    microphone: microphoneState(),
    isOpening: opening,
    trouble,
    isMuted: muted,
  });
  const air = isOnAir(sending);
  setText(badge, words.badge);
  badge.dataset.state = sending.kind === "sending" ? "live" : air ? "away" : "off";
  setText(message, words.sentence);
  message.dataset.bad = String(words.isBad);
  button.textContent = words.button === "stop" ? "Stop" : "Go live";
  button.dataset.look = words.button;
  button.disabled = words.isDisabled;
  take.hidden = !words.canTake;
  // Another opening would take the place of the one for which "Go live" waits.
  test.disabled = opening;
  mute.disabled = stream === null;
  mute.textContent = muted ? "Unmute" : "Mute";
  mute.setAttribute("aria-pressed", String(muted));
  stereo.disabled = air;
  const told = sending.kind === "sending" ? audibility(sending.audible, muted, report) : null;
  setText(heard, told?.sentence ?? "");
  setText(figures, told?.figures ?? "");
}

/** Asks the relay whether the key is right, so that the host learns it before the show. A failed answer says nothing. */
async function checkKey(): Promise<void> {
  const seen = await look(whipPath(id), key);
  if (seen.kind === "there") hostName ||= seen.name;
  isKeyWrong = seen.kind === "gone" && seen.code === "unauthorized";
  render();
}

function drawLevel(): void {
  const now = Date.now();
  const peakDb = meter?.read()?.peakDb ?? null;
  bar.value = Math.max(-60, peakDb ?? FLOOR_DB);
  const { sentence, isSilent } = levelWatch.read(now, peakDb, microphoneState(), muted);
  bar.dataset.silent = String(isSilent);
  setText(levelText, sentence);
  setText(elapsed, onAirSince === 0 ? "" : clock(now - onAirSince));
}

function clock(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

monitor.href = `/listen/${encodeURIComponent(id)}`;
button.addEventListener("click", onGo);
take.addEventListener("click", () => void goLive(true));
mute.addEventListener("click", onMute);
test.addEventListener("click", () => void open());
for (const control of [device, stereo, echo, noise, gain]) {
  control.addEventListener("change", () => {
    if (stream !== null) void open();
  });
}
navigator.mediaDevices?.addEventListener("devicechange", () => void showDevices());
// pagehide, not unload: it also fires on phones, and `stop` sends its DELETE with keepalive.
window.addEventListener("pagehide", () => sender.stop());
window.addEventListener("pointerdown", () => talkback.unblock());
window.addEventListener("keydown", ({ key }) => {
  // Browsers count every key as a press except Escape.
  if (key !== "Escape") talkback.unblock();
});
window.addEventListener("beforeunload", (event) => {
  if (isOnAir(sending)) event.preventDefault();
});
window.addEventListener("hashchange", () => location.reload());
setInterval(drawLevel, 100);
setInterval(() => void people.draw(), 250);
pollStatus(
  id,
  () => isOnAir(sending),
  (now) => {
    report = now;
    // After the end the relay drops its hosts, and a dropped sender would try to connect again.
    if (now.kind === "status" && now.status.state === "ended" && isOnAir(sending)) sender.stop();
    render();
  },
);
void showDevices();
if (key !== "") void checkKey();
render();
