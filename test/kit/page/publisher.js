// A publisher other than our studio: plain RTCPeerConnection and fetch, sending a loop by the wall clock (loop.js).
globalThis.publisher = {
  /** Starts the sound. */
  async prepare({ url, key, loop }) {
    const [track] = (await globalThis.playLoop(loop)).getAudioTracks();
    Object.assign(this, { url, key, track });
  },

  /** Publishes the sound; resolves once it is connected. */
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

  /** Ends the session by RFC 9725. */
  async stop() {
    this.pc.close();
    await fetch(this.session, { method: "DELETE", headers: { Authorization: `Bearer ${this.key}` } });
  },
};
