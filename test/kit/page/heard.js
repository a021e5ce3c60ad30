// Runs in the studio page: its connections, and the tracks that arrive on them, each with a tap of its own.
globalThis.heard = {
  /** Every RTCPeerConnection that the page has made. */
  connections: [],
  /** Each track that arrived; `connection` is the index of its connection in `connections`. */
  tracks: [],
  /** Every audio element that the page's script has made: these play the other hosts. */
  elements: [],
  context: null,

  async listen(connection, track) {
    this.context ??= new AudioContext({ sampleRate: 48000 });
    const tap = new globalThis.Tap();
    this.tracks.push({ connection: this.connections.indexOf(connection), tap });
    await tap.start(this.context, this.context.createMediaStreamSource(new MediaStream([track])));
    await this.context.resume();
  },

  reset() {
    for (const { tap } of this.tracks) tap.reset();
  },

  take(n) {
    return this.tracks[n].tap.take();
  },

  /** How much of the page's own sound has been sent on connection `n`, bytes. */
  async sent(n) {
    const report = await this.connections[n].getStats();
    return [...report.values()].find(({ type }) => type === "outbound-rtp")?.bytesSent ?? 0;
  },
};

const NativeAudio = globalThis.Audio;
globalThis.Audio = class extends NativeAudio {
  constructor(...parameters) {
    super(...parameters);
    globalThis.heard.elements.push(this);
  }
};

const Native = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends Native {
  constructor(...parameters) {
    super(...parameters);
    globalThis.heard.connections.push(this);
    this.addEventListener("track", ({ track }) => void globalThis.heard.listen(this, track));
  }
};
