// Runs in the listener page: records the sound of its audio element, and notes when the element ran dry.
globalThis.ear = {
  tap: new globalThis.Tap(),
  /** Each time the element leapt or had nothing to play after it had begun, with the page's last requests. */
  stalls: [],
  /** How often the element waited although it had the media: on a busy machine, the browser did not decode it in time. */
  starved: 0,
  /** Where the element's buffer began at the last {@link reset}, s. */
  begin: 0,
  /** The requests of the page's player: URL, when it was sent and answered, ms; `until` is null before the answer. */
  asked: [],

  /** Starts recording; call it once the page plays. */
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

  /** Describes the element's state and the last requests. Times are ms since {@link reset}. */
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

  /** Forgets everything recorded and counted so far. */
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
