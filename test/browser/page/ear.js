// In the listener page: what comes out of its audio element, and how often it ran dry.
globalThis.ear = {
  tap: new globalThis.Tap(),
  /** Times the element ran out of sound after it had begun, and how long it was dry, ms. */
  stalls: 0,
  dry: 0,

  /** Call it once the page plays. */
  async start() {
    const audio = document.querySelector("audio, video");
    const context = new AudioContext({ sampleRate: 48000 });
    const source = context.createMediaElementSource(audio);
    source.connect(context.destination);
    await this.tap.start(context, source);
    await context.resume();
    let since = 0;
    audio.addEventListener("waiting", () => {
      this.stalls += 1;
      since = performance.now();
    });
    audio.addEventListener("playing", () => {
      if (since > 0) this.dry += performance.now() - since;
      since = 0;
    });
  },

  /** Forgets what was recorded and counted so far. */
  reset() {
    this.tap.reset();
    this.stalls = 0;
    this.dry = 0;
  },

  take() {
    return { ...this.tap.take(), stalls: this.stalls, dry: this.dry };
  },
};
