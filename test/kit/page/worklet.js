// The tap's part in the audio thread: passes the left channel on in blocks, with the frame at which each block starts.
const BLOCK = 38 * 128;

class Tap extends AudioWorkletProcessor {
  block = new Float32Array(BLOCK);
  filled = 0;
  start = 0;

  process([input]) {
    // Without a connected and active source there is no channel. That is silence, and must be recorded as such.
    const channel = input?.[0];
    if (this.filled === 0) this.start = currentFrame;
    if (channel) this.block.set(channel, this.filled);
    else this.block.fill(0, this.filled, this.filled + 128);
    this.filled += 128;
    if (this.filled + 128 > BLOCK) {
      this.port.postMessage({ frame: this.start, samples: this.block.slice(0, this.filled) });
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("tap", Tap);
