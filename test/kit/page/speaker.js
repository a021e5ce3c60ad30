// Runs in the studio page: a microphone that plays a loop by the wall clock (loop.js).
globalThis.speaker = {
  /** The loop as s16le, base64; set before the microphone is opened. */
  loop: "",
};

navigator.mediaDevices.getUserMedia = () => globalThis.playLoop(globalThis.speaker.loop);
