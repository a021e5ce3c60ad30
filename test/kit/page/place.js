// Runs in the listener page: notes how long its sound stood still while it should be heard, and where it leapt.
globalThis.place = {
  /** How often the player's position is read, ms. */
  every: 20,
  /** Each time it stood still for more than 60 ms: since when (ms since 1970), and for how long. */
  stood: [],
  /** Each time the position moved by over 0.3 s more or less than the time that passed: when, and by how many seconds. */
  leapt: [],

  /** Starts watching; call it once the page plays. */
  start() {
    const audio = document.querySelector("audio");
    let [place, lookedAt, movedAt] = [audio.currentTime, performance.now(), performance.now()];
    setInterval(() => {
      const [now, at] = [audio.currentTime, performance.now()];
      if (now !== place) {
        if (at - movedAt > 60)
          this.stood.push({ at: performance.timeOrigin + movedAt, millis: at - movedAt });
        const leap = now - place - (at - lookedAt) / 1000;
        // After a standstill too: the time is that since the last look, not since the last movement.
        if (Math.abs(leap) > 0.3) this.leapt.push({ at: performance.timeOrigin + at, seconds: leap });
        [place, movedAt] = [now, at];
      }
      lookedAt = at;
      this.standing = at - movedAt;
    }, this.every);
  },

  /** Returns what was noted, with the present standstill. */
  read() {
    const now = { at: performance.timeOrigin + performance.now() - this.standing, millis: this.standing };
    return { stood: this.standing > 60 ? [...this.stood, now] : this.stood, leapt: this.leapt };
  },
};
