import type { Voice } from "./voice.ts";

/** One host's row in the list: the name, the level, and a control for how loud this host hears them. */
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

  /** Shows exactly these hosts. */
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

  /** Draws the present level of each host. */
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
