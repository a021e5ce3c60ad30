// In the studio page: taps the microphone it opens. The page gets the very stream the browser gave.
globalThis.mouth = { tap: new globalThis.Tap() };

const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  const context = new AudioContext({ sampleRate: 48000 });
  await globalThis.mouth.tap.start(context, context.createMediaStreamSource(stream));
  await context.resume();
  return stream;
};
