/** Cuts the frames of a show into parts and segments, on the fixed grid of its profile. */

import { AU_SAMPLES, type Frame, type Part, type Profile, type Samples, samples } from "../media.ts";
import { chunk } from "./cmaf.ts";

/** A part that has just been finished, and whether it closes its segment. */
export interface Cut {
  readonly part: Part;
  readonly closes: boolean;
}

/**
 * Takes frames, returns cuts. It keeps the frames of the unfinished part and the parts of the open segment, nothing more. A
 * chunk's sequence number is computed from the part's numbers, so that no counter has to survive a restart.
 */
export class Segmenter {
  readonly #profile: Profile;
  #msn: number;
  #at: Samples;
  #parts: Part[];
  #frames: Frame[] = [];

  /**
   * `start.msn` and `start.at` are those of the open segment. To resume inside a segment, pass as `start.parts` the parts that
   * have been cut already, from index 0 on. The next frame is then due where the last of them ends.
   */
  constructor(profile: Profile, start: { msn: number; at: Samples; parts?: readonly Part[] }) {
    if (profile.segmentUnits % profile.partUnits !== 0) throw new RangeError("a segment is not whole parts");
    this.#profile = profile;
    this.#msn = start.msn;
    this.#at = start.at;
    this.#parts = [...(start.parts ?? [])];
    let due: number = start.at;
    for (const [index, part] of this.#parts.entries()) {
      const whole = part.duration === profile.partUnits * AU_SAMPLES;
      if (part.msn !== start.msn || part.index !== index || part.at !== due || !whole) {
        throw new RangeError(
          `part ${part.msn}.${part.index} at ${part.at} does not belong to segment ${start.msn}`,
        );
      }
      due += part.duration;
    }
    if (this.#parts.length >= partsPerSegment(profile))
      throw new RangeError(`segment ${start.msn} is already whole`);
  }

  /** Where the next frame is due. */
  get position(): Samples {
    return samples(this.#at + this.#parts.length * this.#partSamples + this.#frames.length * AU_SAMPLES);
  }

  /** Where the part being made ends; the last part of a timeline may end earlier. */
  get partEnd(): Samples {
    return samples(this.#at + (this.#parts.length + 1) * this.#partSamples);
  }

  /** Takes the next frame; returns one cut or none. Throws if the frame is not the one due: the timeline has no holes. */
  push(frame: Frame): Cut[] {
    if (frame.at !== this.position)
      throw new RangeError(`frame at ${frame.at}, expected at ${this.position}`);
    this.#frames.push(frame);
    if (this.#frames.length < this.#profile.partUnits) return [];
    const part = this.#cutPart();
    const closes = this.#parts.length === partsPerSegment(this.#profile);
    if (closes) this.#closeSegment();
    return [{ part, closes }];
  }

  /**
   * Ends the timeline: closes the last part and the last segment, which may be short. If the last frame had already finished a
   * part, the cut has that part once more, because a cut closes a segment together with its last part.
   */
  flush(): Cut[] {
    const part = this.#frames.length > 0 ? this.#cutPart() : this.#parts.at(-1);
    if (part === undefined) return [];
    this.#closeSegment();
    return [{ part, closes: true }];
  }

  get #partSamples(): number {
    return this.#profile.partUnits * AU_SAMPLES;
  }

  #cutPart(): Part {
    const index = this.#parts.length;
    const sequence = this.#msn * partsPerSegment(this.#profile) + index + 1;
    const part: Part = {
      msn: this.#msn,
      index,
      at: samples(this.#at + index * this.#partSamples),
      duration: samples(this.#frames.length * AU_SAMPLES),
      bytes: chunk(sequence, this.#frames, { segmentStart: index === 0 }),
    };
    this.#parts.push(part);
    this.#frames = [];
    return part;
  }

  #closeSegment(): void {
    this.#msn += 1;
    this.#at = samples(this.#at + this.#parts.reduce((sum, part) => sum + part.duration, 0));
    this.#parts = [];
  }
}

/** Parts in a whole segment. */
export function partsPerSegment(profile: Profile): number {
  return profile.segmentUnits / profile.partUnits;
}
