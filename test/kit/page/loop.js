/**
 * Plays a loop (s16le at 48 kHz, base64) by the wall clock, as a media stream. Each sample has a fixed place: second s since
 * 1970 plays second s mod 16 of the loop.
 */
globalThis.playLoop = async (loop) => {
  const bytes = Uint8Array.from(atob(loop), (character) => character.charCodeAt(0));
  const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32767);
  const context = new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: 48000, numberOfChannels: 1 });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  const destination = context.createMediaStreamDestination();
  source.connect(destination);

  // currentTime moves in steps: of many readings, the one that saw a step earliest is nearest to the truth.
  let origin = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 40; look++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    origin = Math.min(origin, performance.timeOrigin + performance.now() - context.currentTime * 1000);
  }
  const begin = context.currentTime + 0.1;
  source.start(begin, (origin / 1000 + begin) % buffer.duration);
  return destination.stream;
};
