import { beforeEach, describe, expect, test, vi } from "vitest";
import { publish } from "../../src/broadcast/host-access.ts";
import type { Changes } from "../../src/broadcast-api.ts";
import { eachSecond, fakeSurroundings, HOST, NOW, Rig, SILENCE } from "./show-rig.ts";

/** A show whose hosts are muted, fall silent, vanish, or are kept away by an outage of the SFU. */

// Runs before the imports below: the timeline imports from dist/ what this builds.
await vi.hoisted(async () => {
  const { buildAac } = await import("../../build/aac.mjs");
  await buildAac();
});
vi.mock("../../dist/aac.wasm", async () => {
  const { readFileSync } = await import("node:fs");
  const bytes = readFileSync(new URL("../../dist/aac.wasm", import.meta.url));
  return { default: new WebAssembly.Module(bytes) };
});

fakeSurroundings();

test("hold audio over a silent host is on the line until the host is heard", async () => {
  const rig = new Rig("low", { hold: "default", holdOnDeadAirSeconds: 30 });
  rig.addHost();
  rig.show.open();
  await eachSecond(rig, 5, () => rig.talk(1_000));
  expect(await rig.line()).toEqual({ line: "hosts", hosts: 1, onAir: ["Host"] });
  await eachSecond(rig, 25, () => rig.talk(1_000, SILENCE));
  expect(await rig.line()).toEqual({ line: "hosts", hosts: 1, onAir: ["Host"] });
  await eachSecond(rig, 12, () => rig.talk(1_000, SILENCE));
  expect(await rig.line()).toEqual({ line: "hold", hosts: 1, onAir: ["Host"] });
  await eachSecond(rig, 2, () => rig.talk(1_000));
  expect(await rig.line()).toEqual({ line: "hosts", hosts: 1, onAir: ["Host"] });
});

describe("a host whom the operator has muted", () => {
  test("is not heard before the show: hold audio goes on and the show is late, until the mute ends", async () => {
    const opensAt = new Date(NOW + 10_000).toISOString();
    const rig = new Rig("low", { hold: "default", opensAt });
    rig.show.open();
    rig.mute(true);
    await eachSecond(rig, 3, () => rig.wait(1_000));
    rig.addHost();
    rig.dial();
    await eachSecond(rig, 15, () => rig.talk(1_000));
    expect(await rig.line()).toEqual({ line: "hold", hosts: 1, onAir: [] });
    expect(rig.row).toMatchObject({ state: "open", held: { isOn: true }, lateFor: opensAt });
    rig.mute(false);
    await eachSecond(rig, 2, () => rig.talk(1_000));
    expect(await rig.line()).toEqual({ line: "hosts", hosts: 1, onAir: ["Host"] });
    expect(rig.row).toMatchObject({ state: "live", held: { isOn: false } });
  });

  test("is counted in the playlist's events but not named; they tell when the show is live, and who is on the air", async () => {
    const rig = new Rig("low", { hold: "default" });
    rig.show.open();
    rig.mute(true);
    await eachSecond(rig, 3, () => rig.wait(1_000));
    rig.addHost();
    rig.dial();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    rig.mute(false);
    const heardAt = Date.now();
    await eachSecond(rig, 3, () => rig.talk(1_000));
    rig.mute(true);
    const mutedAt = Date.now();
    await eachSecond(rig, 3, () => rig.talk(1_000));
    const dated = await rig.dateRanges();
    expect(dated.map(({ text }) => text)).toEqual([
      'X-KIND="hold-on"',
      'X-KIND="host-on",X-HOSTS=1,X-ON-AIR=""',
      'X-KIND="hold-off"',
      'X-KIND="live"',
      'X-KIND="on-air",X-HOSTS=1,X-ON-AIR="Host"',
      'X-KIND="on-air",X-HOSTS=1,X-ON-AIR=""',
    ]);
    for (const [n, since] of [heardAt, heardAt, heardAt, mutedAt].entries()) {
      const after = (dated[n + 2]?.date ?? 0) - since;
      expect(after, dated[n + 2]?.text).toBeGreaterThanOrEqual(0);
      expect(after, dated[n + 2]?.text).toBeLessThan(1_500);
    }
    rig.restart();
    expect(await rig.dateRanges(), "after a restart").toEqual(dated);
  });

  test("during the show is followed by hold audio after 6 s, and is there all the same: the show does not end", async () => {
    const rig = new Rig("low", { hold: "default", endAfterMinutes: 1 });
    rig.addHost();
    rig.dial();
    rig.show.open();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    rig.mute(true);
    await eachSecond(rig, 5, () => rig.talk(1_000));
    expect(await rig.line()).toEqual({ line: "silence", hosts: 1, onAir: [] });
    await eachSecond(rig, 3, () => rig.talk(1_000));
    expect(await rig.line()).toEqual({ line: "hold", hosts: 1, onAir: [] });
    await eachSecond(rig, 90, () => rig.talk(1_000));
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null });
  });
});

describe("a host from whom nothing comes any more, on a socket that stays open", () => {
  /** Returns a live show with a listener, whose host talks. */
  async function onAir(details: Changes = {}): Promise<Rig> {
    const rig = new Rig("low", { hold: "default", ...details });
    rig.addHost();
    rig.dial();
    rig.show.open();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    expect(rig.row).toMatchObject({ state: "live", held: null, hostsLeftAt: null });
    return rig;
  }
  /** Waits until hold audio is on; returns for how long, ms, at most a minute. */
  async function untilHeld(rig: Rig): Promise<number> {
    let waited = 0;
    for (; waited < 60_000 && (await rig.line()).line !== "hold"; waited += 100) {
      rig.wait(100);
      await rig.read();
    }
    return waited;
  }

  test("is followed by hold audio after 6 s, which ends when the host is back", async () => {
    const rig = await onAir();
    const lastAt = Date.now();
    const waited = await untilHeld(rig);
    expect(waited).toBeGreaterThanOrEqual(6_000);
    expect(waited).toBeLessThan(7_500);
    expect(Math.abs((rig.row.hostsLeftAt ?? 0) - lastAt)).toBeLessThan(100);
    expect(rig.show.publishers.sessions, "the session stays").toEqual([HOST]);
    rig.talk(2_000);
    expect(await rig.line()).toMatchObject({ line: "hosts", hosts: 1 });
    expect(rig.row).toMatchObject({ hostsLeftAt: null, held: { isOn: false } });
  });

  test("has gone, and the show ends the set time after its last message", async () => {
    const rig = await onAir({ endAfterMinutes: 1 });
    await eachSecond(rig, 25, () => rig.wait(1_000));
    rig.dropHost();
    await eachSecond(rig, 34, () => rig.wait(1_000));
    expect(rig.row.state).toBe("live");
    await eachSecond(rig, 3, () => rig.wait(1_000));
    expect(rig.row.state).toBe("ended");
  });

  test("has gone, and the show ends the set time after the SFU, which may have been away, has said so", async () => {
    const rig = await onAir({ endAfterMinutes: 1 });
    await eachSecond(rig, 45, () => rig.wait(1_000));
    expect(rig.row.hostsLeftAt, "its socket is dead since 30 s, and the SFU may be away").toBeNull();
    rig.dropHost();
    await eachSecond(rig, 58, () => rig.wait(1_000));
    expect(rig.row.state).toBe("live");
    await eachSecond(rig, 4, () => rig.wait(1_000));
    expect(rig.row.state).toBe("ended");
  });

  test("does not end the show while the SFU may be away, which closes no socket then", async () => {
    const rig = await onAir({ endAfterMinutes: 1 });
    await eachSecond(rig, 20, () => rig.wait(1_000));
    expect(rig.row.hostsLeftAt).toEqual(expect.any(Number));
    await eachSecond(rig, 100, () => rig.wait(1_000));
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null, held: { isOn: true } });
  });

  test("is gone after a restart as well, and hold audio goes on at once", async () => {
    const rig = await onAir();
    await untilHeld(rig);
    const restartedAt = Date.now();
    rig.restart();
    rig.dial();
    await rig.read();
    rig.wait(1_500);
    await rig.read();
    expect(await rig.line()).toMatchObject({ line: "hold" });
    await eachSecond(rig, 5, () => rig.wait(1_000));
    expect(rig.row.hostsLeftAt, "the new object has not heard it").toBeGreaterThanOrEqual(restartedAt);
  });

  test("is not taken for a restart, after which the socket is back within 2 s", async () => {
    const rig = await onAir({ holdAfterSeconds: 0 });
    rig.restart();
    for (let passed = 0; passed < 2_000; passed += 100) {
      rig.wait(100);
      await rig.read();
    }
    rig.dial();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    expect(rig.row).toMatchObject({ held: null, hostsLeftAt: null });
  });

  test.each<[string, (rig: Rig) => void]>([
    ["an object that stood still for 20 s", (rig) => rig.jump(20_000, 20_000)],
    ["a wall clock that is set forward by a minute", (rig) => rig.jump(60_000)],
    ["a wall clock that is set back by a minute", (rig) => rig.jump(-60_000)],
  ])("is not taken for %s, and is noticed after it", async (_, happens) => {
    const rig = await onAir({ holdAfterSeconds: 1 });
    happens(rig);
    // The clock's own timer comes before the host's next packet.
    rig.wait(25);
    await rig.read();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    expect(rig.row).toMatchObject({ held: null, hostsLeftAt: null });
    expect(await untilHeld(rig)).toBeLessThan(5_000);
  });

  test("is not told from one whose socket the SFU has lost: hold audio begins, but that outage ends no show", async () => {
    const rig = new Rig("low", { hold: "default", endAfterMinutes: 1 });
    rig.addHost();
    const socket = rig.dial();
    rig.show.open();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    await rig.show.publishers.disconnect(HOST, socket, 1006, Date.now());
    expect(await untilHeld(rig)).toBeLessThan(7_500);
    await eachSecond(rig, 120, () => rig.wait(1_000));
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null, held: { isOn: true } });
    rig.dial();
    rig.talk(2_000);
    expect(await rig.line()).toMatchObject({ line: "hosts", hosts: 1 });
  });
});

describe("a host whom an outage of the SFU keeps away", () => {
  /** Returns a live show with a listener, whose host talks and then loses the socket; the show ends a minute after its last host. */
  async function cutOff(details: Changes = {}): Promise<Rig> {
    const rig = new Rig("low", { hold: "default", endAfterMinutes: 1, ...details });
    rig.addHost();
    const socket = rig.dial();
    rig.show.open();
    await eachSecond(rig, 5, () => rig.talk(1_000));
    await rig.show.publishers.disconnect(HOST, socket, 1006, Date.now());
    return rig;
  }
  /** Has the host publish, as its studio does again and again. */
  const knock = ({ show }: Rig) => {
    const joining = { key: { hostId: "host", generation: 0 }, takeover: false, client: null };
    return publish(show, { kind: "offer", sdp: "v=0\r\n", mid: "0" }, joining, "https://relay");
  };
  const seconds = (rig: Rig, count: number) => eachSecond(rig, count, () => rig.wait(1_000));
  const NOT_TAKEN = { kind: "problem", code: "sfu_unavailable" };

  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
  });

  test("and who tries again every 8 s does not end the show, until the tries stop", async () => {
    const rig = await cutOff();
    rig.dropHost();
    await seconds(rig, 8);
    expect(await rig.line()).toMatchObject({ line: "hold", hosts: 0 });
    for (let tries = 0; tries < 15; tries++) {
      expect(await knock(rig)).toMatchObject(NOT_TAKEN);
      await seconds(rig, 8);
    }
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null, held: { isOn: true } });
    await seconds(rig, 22 + 58);
    expect(rig.row.state).toBe("live");
    await seconds(rig, 4);
    expect(rig.row.state).toBe("ended");
  });

  test("has the set time to come back, once the SFU is there and says that the session is over", async () => {
    const rig = await cutOff();
    await seconds(rig, 120);
    rig.dropHost();
    await seconds(rig, 58);
    expect(rig.row.state).toBe("live");
    await seconds(rig, 4);
    expect(rig.row.state).toBe("ended");
  });

  test("is not gone when the SFU's new socket is there, and its first message still to come", async () => {
    const rig = await cutOff();
    await seconds(rig, 120);
    rig.dial();
    await seconds(rig, 2);
    expect(rig.row).toMatchObject({ state: "live", hostsLeftAt: null });
    rig.talk(2_000);
    expect(await rig.line()).toMatchObject({ line: "hosts", hosts: 1 });
  });

  test("does not end the show while the SFU takes offers, but no sound", async () => {
    vi.mocked(fetch).mockImplementation(async (url) => {
      const operation = String(url).split("/").slice(-2).join("/");
      if (operation === "sessions/new") return Response.json({ sessionId: "sfu" });
      if (operation === "tracks/new")
        return Response.json({ sessionDescription: { type: "answer", sdp: "v=0\r\n" } });
      return Response.json({ errorCode: "session_error" }, { status: 425 });
    });
    const rig = await cutOff();
    rig.dropHost();
    for (let tries = 0; tries < 6; tries++) {
      const accepted = await knock(rig);
      if (accepted.kind !== "accepted") throw new Error(JSON.stringify(accepted));
      await seconds(rig, 15);
      void rig.show.publishers.drop(accepted.session, "the host has left");
      await seconds(rig, 5);
    }
    expect(rig.row).toMatchObject({ state: "live", held: { isOn: true } });
  });

  test("tries in vain while the show rests, and the time until its end begins anew with that", async () => {
    const rig = await cutOff({ endAfterMinutes: 15, idleMinutes: 1_440 });
    rig.dropHost();
    const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);
    await minutes(10);
    expect(rig.row.hostsLeftAt).toEqual(expect.any(Number));
    expect(await knock(rig)).toMatchObject(NOT_TAKEN);
    await minutes(15.4);
    expect(rig.row.state).toBe("live");
    await minutes(0.2);
    expect(rig.row.state).toBe("ended");
  });

  test("for good, and tries once a minute, keeps the show for half an hour and the time set", async () => {
    const rig = await cutOff({ endAfterMinutes: 15, idleMinutes: 1_440 });
    rig.dropHost();
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute++) {
        expect(await knock(rig)).toMatchObject(NOT_TAKEN);
        await vi.advanceTimersByTimeAsync(60_000);
      }
    };
    await minutes(44);
    expect(rig.row.state).toBe("live");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rig.row.state).toBe("ended");
  });

  test("is followed by hold audio as long after the last message as is set, whenever the SFU says that the host has gone", async () => {
    const rig = await cutOff({ holdAfterSeconds: 30 });
    await seconds(rig, 10);
    rig.dropHost();
    await seconds(rig, 19);
    expect(await rig.line()).toMatchObject({ line: "silence" });
    await seconds(rig, 3);
    expect(await rig.line()).toMatchObject({ line: "hold" });
  });
});
