// Runs in the page under test, before the page's scripts: records the sound at a point of its audio graph, with the wall clock.
globalThis.Tap = class Tap {
  blocks = [];
  anchors = [];

  /** Records `node` of `context` from now on. */
  async start(context, node) {
    this.context = context;
    const source = new Blob([globalThis.workletSource], { type: "text/javascript" });
    await context.audioWorklet.addModule(URL.createObjectURL(source));
    const tap = new AudioWorkletNode(context, "tap", { channelCount: 2, channelCountMode: "explicit" });
    tap.port.onmessage = ({ data }) => this.blocks.push(data);
    const hush = new GainNode(context, { gain: 0 });
    node.connect(tap).connect(hush).connect(context.destination);
    this.timer = setInterval(() => this.anchor(), 50);
    this.anchor();
  }

  /** Notes both clocks, ms since 1970: `rendered`, when the graph works on a sample; `heard`, when the loudspeaker plays it. */
  anchor() {
    const now = performance.timeOrigin + performance.now();
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    this.anchors.push({
      rendered: now - this.context.currentTime * 1000,
      heard: performance.timeOrigin + performanceTime - contextTime * 1000,
    });
  }

  /** Forgets everything recorded so far. */
  reset() {
    this.blocks = [];
    this.anchors = [];
  }

  /** When the first sample louder than `level` was heard, ms since 1970; null while there is none. */
  heardAt(level) {
    for (const { frame, samples } of this.blocks) {
      const first = samples.findIndex((sample) => Math.abs(sample) > level);
      if (first < 0) continue;
      // Only anchors of the last second: the context's clock may have been restarted.
      const starts = this.anchors.slice(-20).map(({ heard }) => heard);
      starts.sort((a, b) => a - b);
      return starts[Math.floor(starts.length / 2)] + ((frame + first) / this.context.sampleRate) * 1000;
    }
    return null;
  }

  /** Everything recorded so far: samples as base64 of s16le, the number of frames that never arrived, and the clock. */
  take() {
    const blocks = this.blocks;
    let lost = 0;
    for (let i = 1; i < blocks.length; i++) {
      lost += blocks[i].frame - blocks[i - 1].frame - blocks[i - 1].samples.length;
    }
    const samples = new Int16Array(blocks.reduce((sum, block) => sum + block.samples.length, 0));
    let at = 0;
    for (const block of blocks) {
      for (const sample of block.samples)
        samples[at++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32767);
    }
    const bytes = new Uint8Array(samples.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768)
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return {
      pcm: btoa(text),
      first: blocks[0]?.frame ?? 0,
      lost,
      rate: this.context.sampleRate,
      anchors: this.anchors,
    };
  }
};
