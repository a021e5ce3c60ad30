import { clock } from "./words.ts";

/** The seek control for a replay. The embed has no room for it. */

/** The position in a replay, and the replay's length, s; null while no replay is played. */
export type PlaybackPosition = { readonly at: number; readonly of: number } | null;

/**
 * Makes `input` show the position in a replay, and seek to where the listener puts it. It is hidden while no replay is played.
 *
 * @param label the element with the control and its label
 */
export function moveThrough(
  label: HTMLElement,
  input: HTMLInputElement,
  audio: HTMLAudioElement,
  { position, seek }: { position: () => PlaybackPosition; seek: (seconds: number) => void },
): void {
  let isHeld = false;
  const show = () => {
    const now = position();
    label.hidden = now === null;
    if (now === null || isHeld) return;
    input.max = String(Math.floor(now.of));
    input.value = String(Math.floor(now.at));
    say();
  };
  const say = () =>
    input.setAttribute("aria-valuetext", `${clock(input.valueAsNumber)} of ${clock(Number(input.max))}`);
  for (const event of ["timeupdate", "durationchange", "emptied", "ended"])
    audio.addEventListener(event, show);
  input.addEventListener("input", () => {
    isHeld = true;
    say();
  });
  input.addEventListener("change", () => {
    isHeld = false;
    seek(input.valueAsNumber);
  });
}
