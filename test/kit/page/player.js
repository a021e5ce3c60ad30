// Another project's player on an audio element, and a clock that notes how long its sound stands still.
const begin = {
  "hls.js": async (audio, url) => {
    const hls = new Hls({ lowLatencyMode: true });
    hls.loadSource(url);
    hls.attachMedia(audio);
  },
  Shaka: async (audio, url) => {
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    await player.attach(audio);
    await player.load(url);
  },
  // Chromium's own player.
  native: (audio, url) => {
    audio.src = url;
  },
  "video.js": (audio, url) => videoJs(audio, url, false),
  "video.js, llhls": (audio, url) => videoJs(audio, url, true),
};

async function videoJs(audio, url, llhls) {
  const player = videojs(audio, { html5: { vhs: { llhls, overrideNative: true } } });
  player.src({ src: url, type: "application/vnd.apple.mpegurl" });
}

globalThis.player = {
  /** How often the position is read, ms. */
  every: 20,
  /** Since the last reset: the longest standstill, ms, and how far the position went, seconds. */
  longest: 0,
  played: 0,
  /** When it was reset, ms since the page's begin. */
  resetAt: 0,

  /** @param name one of the players above; resolves once it plays */
  async start(name, url) {
    const audio = document.querySelector("audio");
    audio.autoplay = true;
    await begin[name](audio, url);
    // video.js replaces the element that it is given.
    const media = () => document.querySelector("audio");
    await new Promise((resolve) => {
      const waiting = setInterval(() => {
        if (media().currentTime > 0 && !media().paused) resolve(clearInterval(waiting));
      }, this.every);
    });
    let [place, movedAt] = [media().currentTime, performance.now()];
    setInterval(() => {
      const [now, at] = [media().currentTime, performance.now()];
      if (now === place) this.longest = Math.max(this.longest, at - movedAt);
      else [this.played, place, movedAt] = [this.played + now - place, now, at];
    }, this.every);
  },

  /** Whether a show that has ended has been played to its end. */
  hasEnded() {
    return document.querySelector("audio").ended;
  },

  /** Plays on from `place`, seconds. */
  seek(place) {
    const audio = document.querySelector("audio");
    audio.currentTime = place;
    return audio.play();
  },

  where() {
    const { currentTime, duration, error } = document.querySelector("audio");
    return { at: currentTime, of: duration, error: error?.message ?? null };
  },

  reset() {
    [this.longest, this.played, this.resetAt] = [0, 0, performance.now()];
  },

  /** @returns also the time since the last reset, seconds */
  read() {
    return { longest: this.longest, played: this.played, lasted: (performance.now() - this.resetAt) / 1000 };
  },
};
