// In the listener page: what comes out of its audio element, and when it ran dry.
globalThis.ear = {
  tap: new globalThis.Tap(),
  /** Each time the element had nothing to play after it had begun, or leapt; and what the page had asked for last. */
  stalls: [],
  /** How often it waited with the media in hand: the browser did not get to decode it in time, on a busy machine. */
  starved: 0,
  /** Where the element's buffer began at the last {@link reset}, s. */
  begin: 0,
  /** What the page's player has asked for: URL, and when it asked and was answered, ms; `until` is null while it waits. */
  asked: [],

  /** Call it once the page plays. */
  async start() {
    this.from = performance.now();
    const audio = document.querySelector("audio, video");
    this.audio = audio;
    const context = new AudioContext({ sampleRate: 48000 });
    const source = context.createMediaElementSource(audio);
    source.connect(context.destination);
    await this.tap.start(context, source);
    await context.resume();
    for (const event of ["waiting", "seeking"]) audio.addEventListener(event, () => this.note(event, audio));
  },

  note(event, audio) {
    if (event === "waiting" && audio.readyState > HTMLMediaElement.HAVE_CURRENT_DATA) this.starved += 1;
    else this.stalls.push(this.describe(event, audio));
  },

  /** Times in ms since {@link reset}. */
  describe(event, audio) {
    const since = (time) => Math.round(time - this.from);
    const { buffered, currentTime, readyState } = audio;
    const ranges = Array.from({ length: buffered.length }, (_, n) => [buffered.start(n), buffered.end(n)]);
    const ahead = ranges.map((range) => range.map((time) => (time - currentTime).toFixed(3)).join(" to "));
    const requests = this.asked.slice(-12).map(({ name, from, until, status }) => {
      const answer = until === null ? "not answered" : `answered at ${since(until)} with ${status}`;
      return `${name.replace(/l=[^&]*&?/, "")} at ${since(from)} ${answer}`;
    });
    return `${event} at ${since(performance.now())} ms, state ${readyState}: has ${ahead} s; ${requests.join("; ")}`;
  },

  bufferStart() {
    const { buffered } = this.audio;
    return buffered.length === 0 ? 0 : buffered.start(0);
  },

  /** Forgets what was recorded and counted so far. */
  reset() {
    this.tap.reset();
    this.stalls = [];
    this.starved = 0;
    this.from = performance.now();
    this.begin = this.bufferStart();
  },

  take() {
    const trimmed = this.bufferStart() - this.begin;
    return { ...this.tap.take(), stalls: this.stalls, starved: this.starved, trimmed };
  },
};

{
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...others) {
    this.asked = { name: String(url).split("/").at(-1), from: 0, until: null, status: 0 };
    return open.call(this, method, url, ...others);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    this.asked.from = performance.now();
    const { asked } = globalThis.ear;
    asked.push(this.asked);
    if (asked.length > 100) asked.shift();
    this.addEventListener("loadend", () => {
      this.asked.until = performance.now();
      this.asked.status = this.status;
    });
    return send.call(this, ...body);
  };
}
