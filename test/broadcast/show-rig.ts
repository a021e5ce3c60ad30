import { afterEach, beforeEach, expect, vi } from "vitest";
import { encodePacket } from "../../local/sfu/packet.ts";
import { Secret } from "../../src/access/secret.ts";
import { Secrets } from "../../src/access/secrets.ts";
import type { Dependencies } from "../../src/broadcast/dependencies.ts";
import { pipelineOf } from "../../src/broadcast/life.ts";
import { announce, goLive } from "../../src/broadcast/lifecycle.ts";
import { CLOSING_MS, type Read } from "../../src/broadcast/reads.ts";
import { recover } from "../../src/broadcast/recovery.ts";
import { Show } from "../../src/broadcast/show.ts";
import { isRunning, type ShowRow } from "../../src/broadcast/show-row.ts";
import { Store } from "../../src/broadcast/store.ts";
import type { Changes } from "../../src/broadcast-api.ts";
import { Sfu } from "../../src/ingest/sfu.ts";
import type { Latency } from "../../src/media.ts";
import { DETAILS } from "../kit/details.ts";
import { readList } from "../kit/list.ts";
import { sqlite } from "../kit/sqlite.ts";

/**
 * A show whose object can be made anew in the middle of it, on a fake clock. Test files that use it have to provide the AAC encoder's
 * module (show.test.ts).
 */

export const NOW = Date.UTC(2026, 10, 25, 12);
export const HOST = "host";
const SECRET = "a secret for the test";

/** Keys and signatures that are being made. They take real time. */
const signing = new Set<Promise<unknown>>();

/** Gives each test of a file a fake clock, and no SFU. */
export function fakeSurroundings(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOW });
    // No SFU is there. A real connection is refused when the next test runs already, and is tried again on its clock.
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("the test has no SFU"));
    for (const name of ["importKey", "sign"] as const) {
      const real = crypto.subtle[name].bind(crypto.subtle) as (...parameters: unknown[]) => Promise<never>;
      vi.spyOn(crypto.subtle, name).mockImplementation((...parameters: unknown[]) => {
        const work = real(...parameters);
        signing.add(work);
        return work;
      });
    }
  });
  afterEach(async () => {
    // What a show does after a signature would else set a timer on the next test's clock.
    while (signing.size > 0) {
      const works = [...signing];
      signing.clear();
      await Promise.allSettled(works);
      await new Promise((resolve) => setImmediate(resolve));
    }
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

/** 20 ms of silence, and of a square wave of 500 Hz. */
export const SILENCE = new Uint8Array(4 * 960);
const TONE = new Uint8Array(4 * 960).map((_, n) => (n % 2 === 0 ? 0 : n % 384 < 192 ? 30 : 226));

/** A show on a fake clock, and its host. */
export class Rig {
  readonly store = new Store(sqlite());
  readonly puts: string[] = [];
  /** Whether R2 accepts puts. */
  takes = true;
  readonly restarts: string[] = [];
  /** The states that the Directory was told of, in order. */
  readonly told: string[] = [];
  /** The time of the alarm that brings the object back, ms since 1970; null: none. */
  alarm: number | null = null;
  show: Show;
  #sequenceNumber = 1;
  /** When the host sent its next packet, ms, by the host's own clock, which nobody sets. */
  #sent = 0;

  constructor(latency: Latency = "low", details: Changes = {}) {
    this.store.putShow(
      announce({ ...DETAILS, ...details, id: "show", latency, bitrate: 128_000 }, Date.now()),
    );
    this.show = this.restart();
  }

  /** Makes the object anew, from its store. */
  restart({ starts = true } = {}): Show {
    this.#stop();
    this.show = this.#make(this.row);
    if (starts) this.show.start();
    return this.show;
  }

  /** Makes the object anew, from a row that may be damaged. */
  async recover(): Promise<void> {
    this.#stop();
    const secrets = new Secrets(SECRET, undefined);
    vi.spyOn(secrets, "of").mockResolvedValue(secrets.present);
    const make = (row: ShowRow) => this.#make(row);
    const show = await recover("show", { store: this.store, secrets, make, waitUntil: () => {} });
    if (show === null) throw new Error("there is no show");
    this.show = show;
  }

  #stop(): void {
    const now = Date.now();
    // This sets the clock back to where it began.
    vi.clearAllTimers();
    vi.setSystemTime(now);
  }

  #make(row: ShowRow): Show {
    const put = async (key: string) => {
      if (!this.takes) throw new Error("the test's R2 takes nothing");
      this.puts.push(key);
      return {};
    };
    const dependencies: Dependencies = {
      store: this.store,
      bucket: { put } as unknown as R2Bucket,
      lifeboatUrl: null,
      sfu: new Sfu("http://127.0.0.1:9", "none", "none"),
      secret: new Secret(SECRET),
      notice: { tell: ({ state }) => this.told.at(-1) !== state && this.told.push(state) },
      waitUntil: () => {},
      setAlarm: (time) => {
        this.alarm = time;
      },
      restart: (why) => this.restarts.push(why),
    };
    return new Show(row, dependencies);
  }

  /** Opens the doors, and makes the show live as if a host had been heard. The object is made anew for that. */
  goLive(details: Partial<Pick<ShowRow, "announcements">> = {}): void {
    this.show.open();
    const { row } = this;
    if (isRunning(row)) this.store.putShow({ ...goLive(row), ...details });
    this.restart();
  }

  /**
   * Stores a session of the show's own host, and makes the object anew, which then has that session. Its sound has come before
   * if an adapter was `connected`.
   */
  addHost({ connected } = { connected: 0 }): void {
    const sfu = { sfuSession: "sfu", mid: "0", adapter: null, codec: null, client: null };
    const created = { origin: "https://relay", generation: 1, connected, createdAt: Date.now() };
    this.store.putPublisher({ ...sfu, ...created, session: HOST, hostId: "host" });
    this.restart();
  }

  /** Ends that session; returns when. */
  dropHost(): number {
    void this.show.publishers.drop(HOST, "the host has gone");
    return Date.now();
  }

  get row(): ShowRow {
    const stored = this.store.show("show");
    if (stored?.kind !== "whole") throw new Error("there is no show");
    return stored.row;
  }

  get epoch(): string {
    return this.row.timeline?.epoch ?? "";
  }

  /** Has the SFU dial for that session; returns the socket. */
  dial(): WebSocket {
    const socket = { close: () => {} } as unknown as WebSocket;
    this.show.publishers.connect(HOST, 1, socket);
    return socket;
  }

  /** Mutes the show's own host, or ends that, as an operator does. */
  mute(muted: boolean): void {
    this.show.cast.change("host", { muted });
    this.show.cast.applyTo(pipelineOf(this.show.life), this.show.publishers.all);
  }

  /** Lets `millis` pass, in which nothing comes from the host. */
  wait(millis: number): void {
    vi.advanceTimersByTime(millis);
    this.#sent += millis;
  }

  /** Lets `millis` pass, in which the host talks all the time, or sends another `payload`. */
  talk(millis: number, payload = TONE): void {
    for (let passed = 0; passed < millis; passed += 20) {
      vi.advanceTimersByTime(20);
      this.#sent += 20;
      const [sequenceNumber, timestamp] = [this.#sequenceNumber++, (this.#sent * 48) % 2 ** 32];
      this.show.hear(HOST, encodePacket({ sequenceNumber, timestamp, payload }));
    }
  }

  /** Sets the wall clock by `millis` at once; the host's own clock goes on by `slept` ms. */
  jump(millis: number, slept = 0): void {
    vi.setSystemTime(Date.now() + millis);
    this.#sent += slept;
    this.#sequenceNumber += slept / 20;
  }

  read(epoch = this.epoch): Promise<Read> | Read {
    return this.show.read({ kind: "playlist", id: "show", epoch, directives: {} } as never, {});
  }

  async list() {
    const read = await this.read();
    if (read.kind !== "playlist") throw new Error(JSON.stringify(read));
    const list = readList(read.text);
    const last = list.parts.at(-1) ?? list.segments.at(-1);
    if (last === undefined) throw new Error("the list is empty");
    return { ...list, end: last.date + 1000 * last.duration };
  }

  /** Returns the playlist's date ranges: the date of each, ms since 1970, and its attributes of the show. */
  async dateRanges(): Promise<{ date: number; text: string }[]> {
    const read = await this.read();
    if (read.kind !== "playlist") throw new Error(JSON.stringify(read));
    return [...read.text.matchAll(/^#EXT-X-DATERANGE:.*START-DATE="([^"]+)",DURATION=0,(.*)$/gm)].map(
      ([, date = "", text = ""]) => ({ date: Date.parse(date), text }),
    );
  }

  /** Returns the playlist after its end, which comes a moment after the show's end. */
  async endedList() {
    await vi.advanceTimersByTimeAsync(CLOSING_MS);
    const list = await this.list();
    expect(list.ended).toBe(true);
    return list;
  }

  /** Returns what the programme consists of, the number of hosts, and the names of those who are on the air. */
  async line(): Promise<{ line: string | null; hosts: number; onAir: readonly string[] }> {
    const read = await this.show.read({ kind: "status", id: "show" } as never, {});
    const { line, hosts, onAir } = (read as Extract<Read, { kind: "status" }>).status;
    return { line, hosts, onAir };
  }

  async peak(): Promise<number> {
    const read = await this.show.read({ kind: "status", id: "show" } as never, {});
    if (read.kind !== "status") throw new Error(read.kind);
    return (read.status as { meter: { peakDb: number } }).meter.peakDb;
  }
}

/** Lets whole seconds pass, in each of which a listener reads the list and the host does `something`. */
export async function eachSecond(rig: Rig, seconds: number, something: () => void): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    something();
    await rig.read();
  }
}
