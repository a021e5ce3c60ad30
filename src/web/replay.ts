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

/** Seconds as people say them: 7:05, or 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const short = `${minutes}:${String(rest).padStart(2, "0")}`;
  return hours === 0 ? short : `${hours}:${short.padStart(5, "0")}`;
}
