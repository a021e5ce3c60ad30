import { defaultReaderConfig, type ParsedIsoBox, readIsoBoxes } from "@svta/cml-iso-bmff";

/** Reads boxes with a reader that shares no code with src/hls. */
export function read(bytes: Uint8Array): ParsedIsoBox[] {
  return readIsoBoxes(bytes as Uint8Array<ArrayBuffer>, defaultReaderConfig()) as ParsedIsoBox[];
}

/** Returns the first box of a type anywhere below `boxes`; throws where there is none. */
export function find(boxes: readonly unknown[], type: string): Record<string, unknown> {
  const queue = [...boxes] as Record<string, unknown>[];
  for (let box = queue.shift(); box !== undefined; box = queue.shift()) {
    if (box.type === type) return box;
    for (const list of [box.boxes, box.entries]) if (Array.isArray(list)) queue.push(...list);
  }
  throw new Error(`no ${type}`);
}
