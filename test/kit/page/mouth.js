// Runs in the studio page: taps the microphone that the page opens. The page gets the browser's own stream.
globalThis.mouth = { tap: new globalThis.Tap() };

const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await open(constraints);
  const context = new AudioContext({ sampleRate: 48000 });
  await globalThis.mouth.tap.start(context, context.createMediaStreamSource(stream));
  await context.resume();
  return stream;
};
