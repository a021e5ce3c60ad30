import { SAMPLE_RATE } from "../../src/media.ts";
import { run } from "../kit/program.ts";

/** Measures stereo `pcm` with ffmpeg's ebur128 filter: the integrated loudness, LUFS, and the true peak, dBTP. */
export async function ebur128(pcm: Float32Array): Promise<{ integrated: number; truePeakDb: number }> {
  const input = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const from = ["-f", "f32le", "-ar", `${SAMPLE_RATE}`, "-ac", "2", "-i", "pipe:0"];
  const args = [
    "-hide_banner",
    "-nostats",
    ...from,
    "-af",
    "ebur128=peak=true:framelog=verbose",
    "-f",
    "null",
    "-",
  ];
  const { code, stderr } = await run("ffmpeg", args, { seconds: 120, input });
  const read = (label: RegExp) => Number(label.exec(stderr)?.[1] ?? Number.NaN);
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}\n${stderr}`);
  return { integrated: read(/I:\s+(\S+) LUFS/), truePeakDb: read(/Peak:\s+(\S+) dBFS/) };
}
