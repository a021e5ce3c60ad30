import { describe, expect, test } from "vitest";
import { isLoopback, isOwn, ownAddress } from "../../../local/address.ts";
import { readOffer } from "../../../local/sfu/offer.ts";
import { Session } from "../../../local/sfu/session.ts";
import { connectBy } from "./shape.ts";

/** Which address is announced to a browser that pairs with no loopback candidate, and who is heard there. */

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
