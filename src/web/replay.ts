import { clock } from "./words.ts";

/** The control of a page by which listeners move through a show that has ended; the embed has no room for it. */

/** What is played: how far, and how long it is, in seconds; null while it is no replay. */
export type Place = { readonly at: number; readonly of: number } | null;

/**
 * Shows where the replay is and moves it there where it is put; hidden while none is played.
 *
 * @param label holds the control and what names it
 */
export function moveThrough(
  label: HTMLElement,
  input: HTMLInputElement,
  audio: HTMLAudioElement,
  { place, seek }: { place: () => Place; seek: (seconds: number) => void },
): void {
  let isHeld = false;
  const show = () => {
    const now = place();
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
