import type { Hearing } from "./talkback.ts";
import type { Voice } from "./voice.ts";

/** One row of the list: who it is, how loud they are, and how loud they are to be here. */
interface Row {
  readonly item: HTMLLIElement;
  readonly name: HTMLElement;
  readonly level: HTMLMeterElement;
}

/** The list of the other hosts on the studio page. */
export class OthersList {
  readonly #list: HTMLElement;
  readonly #rows = new Map<Voice, Row>();

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  /** Shows these, and nobody else. */
  show(voices: readonly Voice[]): void {
    for (const [voice, { item }] of this.#rows) {
      if (voices.includes(voice)) continue;
      item.remove();
      this.#rows.delete(voice);
    }
    for (const voice of voices) {
      const row = this.#rows.get(voice) ?? this.#add(voice);
      if (row.name.textContent !== voice.name) row.name.textContent = voice.name;
    }
  }

  /** Draws how loud each is now. */
  async draw(): Promise<void> {
    for (const [voice, { level }] of this.#rows) {
      const loudness = await voice.level();
      level.hidden = loudness === null;
      level.value = loudness ?? 0;
    }
  }

  #add(voice: Voice): Row {
    const item = document.createElement("li");
    const name = document.createElement("span");
    const level = document.createElement("meter");
    level.setAttribute("aria-label", "How loud this host is");
    const volume = document.createElement("input");
    Object.assign(volume, { type: "range", min: "0", max: "1", step: "0.05", value: String(voice.volume) });
    volume.setAttribute("aria-label", "How loud you hear this host");
    volume.addEventListener("input", () => {
      voice.volume = volume.valueAsNumber;
    });
    item.append(name, level, volume);
    this.#list.append(item);
    const row = { item, name, level };
    this.#rows.set(voice, row);
    return row;
  }
}

/** What the host is told of hearing the others, in one sentence. */
export function hearingWords(hearing: Hearing): string {
  switch (hearing.kind) {
    case "off":
      return "";
    case "connecting":
      return "Connecting you with the other hosts …";
    case "lost":
      return "You can not hear the other hosts at the moment; you are still on the air. Trying again by itself …";
    case "hearing": {
      const { voices, waiting, isBlocked } = hearing;
      if (isBlocked) return "Your browser wants one more press on this page before you hear the other hosts.";
      if (waiting.length > 0) return `You do not hear ${namesOf(waiting)} yet; you are still on the air.`;
      if (voices.length === 0) return "No other host is here.";
      return `You hear ${namesOf(voices)}. Wear headphones, or they hear themselves.`;
    }
  }
}

function namesOf(others: readonly { readonly name: string }[]): string {
  const names = others.map(({ name }) => name);
  const last = names.pop() ?? "";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}
