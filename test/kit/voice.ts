import { SAMPLE_RATE } from "../../src/media.ts";
import { uniforms } from "./random.ts";

/**
 * Stereo that resembles a voice: syllables of filtered noise and harmonics, four a second, with a pause of 1.2 s after every 3
 * s. In pauses there is room noise of `room` (a ratio to the voice's amplitude). The loudness is near -20 LUFS at `gain` 1.
 */
export function voice(seed: number, seconds: number, gain = 1, room = 0.001): Float32Array {
  const uniform = uniforms(seed);
  const pcm = new Float32Array(2 * seconds * SAMPLE_RATE);
  let smooth = 0;
  let phase = 0;
  for (let n = 0; n < pcm.length / 2; n++) {
    const time = n / SAMPLE_RATE;
    const isPause = time % 4.2 > 3;
    const swell = isPause ? 0 : Math.max(0, Math.sin(2 * Math.PI * 4 * time)) ** 0.7;
    smooth += (2 * uniform() - 1 - smooth) * 0.2;
    phase += (2 * Math.PI * (130 + 20 * Math.sin(2 * Math.PI * 0.7 * time))) / SAMPLE_RATE;
    let harmonics = 0;
    for (let k = 1; k < 12; k++) harmonics += Math.sin(phase * k + k * k) / k;
    const value = gain * 0.14 * (swell * (harmonics + 0.6 * smooth) + room * (2 * uniform() - 1));
    pcm[2 * n] = value;
    pcm[2 * n + 1] = value;
  }
  return pcm;
}

/**
 * Stereo that resembles music: chords of four notes with a beat, in soft and loud passages of `passage` seconds, 14 dB apart.
 */
export function music(seconds: number, passage: number): Float32Array {
  const pcm = new Float32Array(2 * seconds * SAMPLE_RATE);
  const chords = [
    [220, 277, 330, 440],
    [196, 247, 294, 392],
    [175, 220, 262, 349],
    [165, 208, 247, 330],
  ];
  for (let n = 0; n < pcm.length / 2; n++) {
    const time = n / SAMPLE_RATE;
    const chord = chords[Math.floor(time / 2) % 4] as number[];
    const amplitude = Math.floor(time / passage) % 2 === 0 ? 0.1 : 0.02;
    const beat = 0.4 + 0.6 * Math.exp(-6 * (time % 0.5));
    for (const [note, hertz] of chord.entries()) {
      const value = amplitude * beat * Math.sin(2 * Math.PI * hertz * time);
      pcm[2 * n] = (pcm[2 * n] as number) + value * (note < 2 ? 1 : 0.6);
      pcm[2 * n + 1] = (pcm[2 * n + 1] as number) + value * (note < 2 ? 0.6 : 1);
    }
  }
  return pcm;
}
