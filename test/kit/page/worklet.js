// The tap's ear inside the audio thread: hands the left channel on in blocks, with the frame each block starts at.
const BLOCK = 38 * 128;

class Tap extends AudioWorkletProcessor {
  block = new Float32Array(BLOCK);
  filled = 0;
  start = 0;

  process([input]) {
    // Without a connected or active source there is no channel: that is silence, and it has to be heard as such.
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
