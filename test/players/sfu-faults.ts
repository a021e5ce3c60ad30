import { setTimeout as sleep } from "node:timers/promises";
import type { CreatedBroadcast } from "../kit/created.ts";
import type { Call, FakeSfu, Reaction } from "../kit/fake-sfu.ts";
import { Host, tone } from "../kit/host.ts";
import { chromium } from "../kit/offers.ts";
import { TONE_HZ } from "../kit/probe/signal.ts";
import type { Fault } from "./fault.ts";
import type { ShowUnderTest } from "./faulted.ts";

const SOUND = tone(TONE_HZ, 0.2);
/** An offer marked by its session name, so that the fake SFU knows which session is to have trouble. */
const TROUBLED = chromium.replace("s=-", "s=troubled");

/** One host of a show, and the SFU's end of its socket, under the test's control. */
class Talker {
  session = "";
  generation = 1;
  #host: Host | null = null;
  readonly #show: CreatedBroadcast;
  readonly #sfu: FakeSfu;

  constructor(show: CreatedBroadcast, sfu: FakeSfu) {
    this.#show = show;
    this.#sfu = sfu;
  }

  get host(): Host {
    if (this.#host === null) throw new Error("nobody talks");
    return this.#host;
  }

  /** Publishes, retrying every half second while it is refused; then dials and talks. */
  async publish(offer = chromium): Promise<void> {
    const headers = { authorization: `Bearer ${this.#show.hostKey}`, "content-type": "application/sdp" };
    for (;;) {
      const answer = await fetch(this.#show.whipUrl, { method: "POST", headers, body: offer });
      this.session = (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
      if (answer.status === 201) break;
      await sleep(500);
    }
    this.generation = 1;
    await this.dial();
  }

  /** Dials the newest endpoint of the host's session, and talks there. */
  async dial(): Promise<Host> {
    this.#host = await Host.connect(await this.#sfu.endpointOf(this.session, this.generation, 30_000));
    this.#host.talk(SOUND);
    return this.#host;
  }

  /** Waits until the host's session is over. */
  async isOver(): Promise<void> {
    const headers = { authorization: `Bearer ${this.#show.hostKey}` };
    while ((await fetch(`${this.#show.whipUrl}/${this.session}`, { headers })).status !== 404)
      await sleep(250);
  }
}

/** Tells the fake SFU what to answer, and to whom. */
class Trouble {
  /** By broadcast id: the answer to a request for an adapter. */
  readonly adapters = new Map<string, Reaction>();
  /** The answers to the next offers that are {@link TROUBLED}, in order. */
  offers: Reaction[] = [];

  react({ path, body }: Call): Reaction {
    if (path === "/sessions/:id/tracks/new" && body.sessionDescription?.sdp.includes("s=troubled"))
      return this.offers.shift();
    if (path !== "/adapters/websocket/new") return undefined;
    return this.adapters.get(body.tracks[0].endpoint.split("/")[4]);
  }
}

type SfuAct = (talker: Talker, underTest: ShowUnderTest, trouble: Trouble) => Promise<void>;

/** Faults of the SFU: name, how much sound may be missing (ms), and what is done. */
const ACTS: readonly (readonly [name: string, gapMs: Fault["gapMs"], act: SfuAct])[] = [
  [
    "5xx three times, then no answer, to a host that comes back",
    [5_000, 14_000],
    async (talker, _, trouble) => {
      const error = { status: 503, text: "<h1>error</h1>" };
      trouble.offers = [error, error, error, "hang"];
      talker.host.leave();
      await talker.publish(TROUBLED);
      if (trouble.offers.length > 0) throw new Error("it was not asked often enough");
    },
  ],
  [
    "session dead (410) when an adapter is asked for after a reset",
    [300, 6_000],
    async (talker, { rig, show }, { adapters }) => {
      adapters.set(show.id, { status: 410, json: { errorCode: "session_error", errorDescription: "gone" } });
      await rig.fault(`reset/${show.id}`);
      await talker.isOver();
      adapters.delete(show.id);
      await talker.publish();
    },
  ],
  [
    "adapter refused for 5 s",
    [4_000, 8_000],
    async (talker, { show }, { adapters }) => {
      adapters.set(show.id, { status: 503, json: { tracks: [{ errorCode: "not_found_track_error" }] } });
      talker.host.leave();
      setTimeout(() => adapters.delete(show.id), 5_000);
      await talker.publish();
    },
  ],
  [
    "socket dropped and dialled again after 0.3 s, three times",
    [300, 2_500],
    async (talker) => {
      for (let n = 0; n < 3; n++) {
        talker.host.crash();
        await sleep(300);
        await talker.dial();
        await sleep(3_000);
      }
    },
  ],
  [
    "dialled twice",
    [0, 1_000],
    async (talker) => {
      const before = talker.host;
      await talker.dial();
      const { reason } = await before.farewell();
      if (!reason.startsWith("superseded")) throw new Error(reason);
    },
  ],
  [
    "socket dropped and dialled after 20 s",
    [18_000, 23_000],
    async (talker) => {
      talker.host.crash();
      const later = sleep(20_000);
      talker.generation = 2;
      await later;
      await talker.dial();
    },
  ],
];

/** @param sfu returns the fake SFU once it has started */
export function sfuFaults(sfu: () => FakeSfu): readonly Fault[] {
  const trouble = new Trouble();
  return ACTS.map(([name, gapMs, act]) => ({
    name: `SFU: ${name}`,
    afterMs: 6_000,
    gapMs,
    begin: () => {
      let talker: Talker;
      return {
        speak: async (show) => {
          sfu().react = (call) => trouble.react(call);
          talker = new Talker(show, sfu());
          await talker.publish();
          return { end: () => talker.host.hush() };
        },
        act: async (underTest) => {
          const from = Date.now();
          await act(talker, underTest, trouble);
          return { from, until: Date.now() };
        },
      };
    },
  }));
}
