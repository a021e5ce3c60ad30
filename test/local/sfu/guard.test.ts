import { afterEach, describe, expect, test } from "vitest";
import { parseMessage } from "werift";
import { isLoopback, isOwn, ownAddress } from "../../../local/address.ts";
import { readOffer } from "../../../local/sfu/offer.ts";
import { Session } from "../../../local/sfu/session.ts";
import { binding } from "./binding.ts";
import { Nat, placesIn, Stranger } from "./datagrams.ts";
import { connectBy, type Shape } from "./shape.ts";

/**
 * Which address is announced to a browser that pairs with no loopback candidate, and whose datagrams a media socket takes: a
 * stranger's neither end a session nor keep it.
 */

const OTHER = ownAddress();

/** Publishes to a session on loopback. Returns the addresses in the answer, and whether the publisher connected. */
async function publish(origin: string, hears?: (address: string) => boolean) {
  const session = new Session("id", { host: "127.0.0.1", ...(hears && { hears }) }, () => {});
  let told: string[] = [];
  const offered = async (sdp: string, mid: string) => {
    const offer = readOffer(sdp);
    if (offer.kind === "refused") throw new Error(offer.reason);
    const answer = await session.negotiate(offer, [{ name: "track", mid }]);
    told = [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+)/gm)].map((match) => match[1] ?? "");
    return { sessionId: session.id, answer };
  };
  const rewrite = (sdp: string) => sdp.replace(/^o=\S+/m, `o=${origin}`);
  try {
    const publisher = await connectBy(offered, { rewrite });
    await publisher.close();
    return { told, connected: true };
  } catch (error) {
    expect(String(error)).toContain("the publisher is");
    return { told, connected: false };
  } finally {
    session.close("the test is over");
  }
}

const FIREFOX = "mozilla...THIS_IS_SDPARTA-99.0";

describe("a stand-in on loopback", () => {
  test("announces loopback to most publishers", async () => {
    expect(await publish("-")).toEqual({ told: ["127.0.0.1"], connected: true });
  });

  test.runIf(OTHER !== null)("announces another address of this machine to Firefox", async () => {
    expect(await publish(FIREFOX)).toEqual({ told: [OTHER], connected: true });
  });

  test.runIf(OTHER !== null)(
    "hears nobody there who is not on this machine",
    { timeout: 45_000 },
    async () => {
      expect(await publish(FIREFOX, () => false)).toEqual({ told: [OTHER], connected: false });
    },
  );

  test.each([
    ["127.0.0.1", true],
    ["127.8.8.8", true],
    ["::1", true],
    ["203.0.113.7", false],
    ["2001:db8::7", false],
    ["", false],
  ])("knows whether %s is on this machine: %s", (address, expected) => {
    expect(isOwn(address)).toBe(expected);
  });

  test.runIf(OTHER !== null)("announces an address that is on this machine and not loopback", () => {
    expect([isOwn(OTHER ?? ""), isLoopback(OTHER ?? "")]).toEqual([true, false]);
  });
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function startStranger(): Promise<Stranger> {
  const stranger = await Stranger.start();
  open.push(stranger);
  return stranger;
}

/** A session on this address. `ends` gets the reason when it ends. */
function startSession(host: string): { session: Session; ends: readonly string[] } {
  const ends: string[] = [];
  const session = new Session("id", { host }, (reason) => ends.push(reason));
  open.push({ close: () => session.close("the test is over") });
  return { session, ends };
}

/** A publisher that is heard by a session on this address. `route` changes the answer on its way to the publisher. */
async function onAir(host: string, shape: Shape = {}, route = async (answer: string) => answer) {
  const { session, ends } = startSession(host);
  let answer = "";
  const publisher = await connectBy(async (sdp, mid) => {
    const offer = readOffer(sdp);
    if (offer.kind === "refused") throw new Error(offer.reason);
    answer = await session.negotiate(offer, [{ name: "track", mid }]);
    return { sessionId: session.id, answer: await route(answer) };
  }, shape);
  open.push(publisher);
  const packets = () => session.tracks.get("track")?.packets ?? 0;
  /** Waits until the session has received so many more packets, or has ended. */
  const hear = async (more: number) => {
    const wanted = packets() + more;
    await expect.poll(() => packets() >= wanted || ends.length > 0).toBe(true);
  };
  await hear(10);
  return { session, ends, answer, publisher, hear };
}

/** DTLS records without encryption, which werift takes for the end of its connection: an unknown content type, an alert. */
const RECORDS = ["28fefd00000000000000000000", "15fefd000000000000000000020100"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const ADDRESSES = ["127.0.0.1", ...(OTHER === null ? [] : [OTHER])];
const UNBUNDLED: Shape = {
  video: "first",
  bundle: "disable",
  rewrite: (sdp) => sdp.replace(/^a=group:BUNDLE.*\r\n/gm, ""),
};

describe("a stranger who sends to the media socket", () => {
  test.each(ADDRESSES)("ends no session on %s with a DTLS record", async (host) => {
    const { session, ends, answer, hear } = await onAir(host);
    const stranger = await startStranger();
    await stranger.send(placesIn(answer), ...RECORDS);
    await hear(25);
    expect([session.state, ends]).toEqual(["connected", []]);
  });

  test("gets no answer without the password, on any socket of a session", async () => {
    const { answer, ends, hear } = await onAir("127.0.0.1", UNBUNDLED);
    const stranger = await startStranger();
    expect(placesIn(answer)).toHaveLength(2);
    await stranger.send(placesIn(answer), binding().bytes, ...RECORDS);
    await hear(25);
    expect([stranger.received, ends]).toEqual([[], []]);
  });

  test("gets no answer from a session that pulls, where the client's check gets one", async () => {
    const { session } = await onAir("127.0.0.1");
    const { session: pulling } = startSession("127.0.0.1");
    const track = session.tracks.get("track");
    if (track === undefined) throw new Error("there is no track");
    const { sdp } = await pulling.offer([{ source: { sessionId: "id", trackName: "track" }, track }]);
    const password = /^a=ice-pwd:(\S+)/m.exec(sdp)?.[1] ?? "";
    const stranger = await startStranger();
    const check = binding({ password });
    await stranger.send(placesIn(sdp), binding().bytes, check.bytes);
    await expect.poll(() => stranger.received.length).toBeGreaterThan(0);
    const answered = stranger.received.map((data) => parseMessage(data)?.transactionIdHex);
    expect(answered).toEqual([check.transactionIdHex]);
  });

  test("does not keep the session of a publisher that died", async () => {
    const { ends, answer, publisher } = await onAir("127.0.0.1");
    const stranger = await startStranger();
    const knocking = setInterval(() => stranger.send(placesIn(answer), binding().bytes), 1_000);
    open.push({ close: () => clearInterval(knocking) });
    open.splice(open.indexOf(publisher), 1);
    await publisher.close();
    const began = performance.now();
    await expect.poll(() => ends, { timeout: 8_000 }).toEqual(["the publisher fell silent"]);
    expect(performance.now() - began).toBeGreaterThan(5_000);
    expect(stranger.received).toEqual([]);
  });
});

test("a publisher whose address changes is heard on from its next check", async () => {
  const route = async (answer: string) => {
    const [media] = placesIn(answer);
    if (media === undefined) throw new Error("the answer has no candidate");
    const nat = await Nat.start(media);
    open.push(nat);
    nats.push(nat);
    return answer.replaceAll(`${media.address} ${media.port} typ`, `${media.address} ${nat.place.port} typ`);
  };
  const nats: Nat[] = [];
  const { session, ends, hear } = await onAir("127.0.0.1", {}, route);
  const [nat] = nats;
  nat?.rebind();
  await expect.poll(() => nat?.rebound).toBe(1);
  await hear(100);
  expect([session.state, ends]).toEqual(["connected", []]);
});
