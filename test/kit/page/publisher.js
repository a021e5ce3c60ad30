// A publisher that is not our studio: plain RTCPeerConnection and fetch, sending a loop whose every sample has its
// place on the wall clock (second s since 1970 sends second s mod 16 of the loop).
globalThis.publisher = {
  /** Starts the sound. */
  async prepare({ url, key, loop }) {
    const bytes = Uint8Array.from(atob(loop), (character) => character.charCodeAt(0));
    const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32767);
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: 48000, numberOfChannels: 1 });
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const destination = context.createMediaStreamDestination();
    source.connect(destination);

    // currentTime moves in steps: of many looks, the one that saw it earliest is nearest to the truth.
    let origin = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 40; look++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      origin = Math.min(origin, performance.timeOrigin + performance.now() - context.currentTime * 1000);
    }
    const begin = context.currentTime + 0.1;
    source.start(begin, (origin / 1000 + begin) % buffer.duration);
    Object.assign(this, { url, key, track: destination.stream.getAudioTracks()[0] });
  },

  /** Sends it; resolves once the connection stands. */
  async publish() {
    const { url, key, track } = this;
    const pc = new RTCPeerConnection();
    this.pc = pc;
    pc.addTransceiver(track, { direction: "sendonly" });
    await pc.setLocalDescription(await pc.createOffer());
    while (pc.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 10));
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${key}` },
      body: pc.localDescription.sdp,
    });
    if (response.status !== 201) throw new Error(`WHIP POST: ${response.status} ${await response.text()}`);
    this.session = new URL(response.headers.get("Location"), response.url).href;
    await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    for (let waited = 0; pc.connectionState !== "connected"; waited += 10) {
      if (waited > 10_000) throw new Error(`the connection is ${pc.connectionState} after 10 s`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },

  /** Ends the session as RFC 9725 asks. */
  async stop() {
    this.pc.close();
    await fetch(this.session, { method: "DELETE", headers: { Authorization: `Bearer ${this.key}` } });
  },
};
