// In the studio page: its connections, and what comes in on them, each track tapped for itself.
globalThis.heard = {
  /** Every RTCPeerConnection that the page has made. */
  connections: [],
  /** Each track that came in: `connection` is its place among those. */
  tracks: [],
  /** Every audio element that the page's script has made: what the others are played by. */
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

  /** What of the page's own sound has gone out on connection `n`, bytes. */
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
