/**
 * The largest step from one sample to the next of the same channel, and its index.
 * @param line interleaved samples of `channels` channels
 * @param from the index from which steps count: the first step of a channel is the one from silence
 */
export function largestStep(line: Float32Array, channels = 1, from = 0): { step: number; at: number } {
  let largest = { step: 0, at: 0 };
  for (let at = from; at < line.length; at++) {
    const step = Math.abs((line[at] as number) - (line[at - channels] ?? 0));
    if (step > largest.step) largest = { step, at };
  }
  return largest;
}

/** A sine of `hertz`, and its largest step at 48 kHz. */
export function sine(hertz: number, amplitude = 0.5) {
  const turn = (2 * Math.PI * hertz) / 48_000;
  return { signal: (sample: number) => amplitude * Math.sin(turn * sample), slope: amplitude * turn };
}
