// Another project's player on an audio element, and a clock beside it that notes how long its sound stands still.
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
  // Chromium's own.
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
  /** How often its place is looked at, ms. */
  every: 20,
  /** Since the last reset: milliseconds that it stood still in a row at most, and seconds of sound that it played. */
  longest: 0,
  played: 0,

  /** @param name one of the players above; resolves once it plays */
  async start(name, url) {
    const audio = document.querySelector("audio");
    audio.autoplay = true;
    await begin[name](audio, url);
    // video.js puts another element in the place of the one that it is given.
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

  /** Whether all of a show that has ended has been played. */
  hasEnded() {
    return document.querySelector("audio").ended;
  },

  /** Plays on from there, seconds; where it is and how much there is. */
  seek(place) {
    const audio = document.querySelector("audio");
    audio.currentTime = place;
    return audio.play();
  },

  where() {
    const { currentTime, duration, error } = document.querySelector("audio");
    return { at: currentTime, of: duration, error: error && error.message };
  },

  reset() {
    [this.longest, this.played] = [0, 0];
  },

  read() {
    return { longest: this.longest, played: this.played };
  },
};
