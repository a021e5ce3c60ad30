/** The largest step from one sample to the next, with its place. */
export function largestStep(line: Float32Array): { step: number; at: number } {
  let largest = { step: Math.abs(line[0] as number), at: 0 };
  for (let at = 1; at < line.length; at++) {
    const step = Math.abs((line[at] as number) - (line[at - 1] as number));
    if (step > largest.step) largest = { step, at };
  }
  return largest;
}

/** A sine of `hertz`, and its largest step at 48 kHz. */
export function sine(hertz: number, amplitude = 0.5) {
  const turn = (2 * Math.PI * hertz) / 48_000;
  return { signal: (sample: number) => amplitude * Math.sin(turn * sample), slope: amplitude * turn };
}
