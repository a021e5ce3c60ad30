import { setTimeout as sleep } from "node:timers/promises";
import { uniforms } from "../kit/random.ts";
import type { Fault } from "./fault.ts";
import { heard, speakTo } from "./faulted.ts";
import { HostGate, type Rule } from "./host-gate.ts";

/** For how long packets of sound are lost, delayed or duplicated, ms. */
const TROUBLE_MS = 20_000;

/** Faults of a host, of its network, and of its packets on their way to the relay. */
export const HOST_FAULTS: readonly Fault[] = [
  {
    name: "host killed, back with a new session after 3 s",
    afterMs: 8_000,
    gapMs: [2_000, 7_000],
    begin: () => {
      const hosts: Awaited<ReturnType<typeof speakTo>>[] = [];
      return {
        speak: async (show) => {
          hosts.push(await speakTo(show));
          return { end: () => void hosts.map((host) => host.end()) };
        },
        act: async ({ show }) => {
          hosts[0]?.child.kill("SIGKILL");
          const from = Date.now();
          await sleep(3_000);
          hosts.push(await speakTo(show));
          return { from, until: Date.now() };
        },
      };
    },
  },
  hostNetworkGone(5_000, [3_000, 9_000]),
  hostNetworkGone(30_000, [26_000, 38_000]),
  packets("loss of 5 %", [0, 1_000], () => {
    const uniform = uniforms(5);
    return (on) => {
      if (uniform() >= 0.05) on();
    };
  }),
  packets("bursts of 400 ms lost, every 4 s", [0, 3_000], () => {
    const began = Date.now();
    return (on) => {
      if ((Date.now() - began) % 4_000 >= 400) on();
    };
  }),
  packets("every 10th packet 30 ms late, behind others", [0, 500], () => {
    let n = 0;
    return (on) => void (n++ % 10 === 0 ? setTimeout(on, 30) : on());
  }),
  packets("every packet twice, every 5th again 60 ms later", [0, 500], () => {
    let n = 0;
    return (on) => {
      on();
      if (n++ % 5 === 0) setTimeout(on, 60);
      else on();
    };
  }),
];

/** The host's network is gone for a time. The host reconnects by itself, with a new session if the old one is over. */
export function hostNetworkGone(millis: number, gapMs: readonly [number, number]): Fault {
  return {
    name: `host's network gone for ${millis / 1000} s`,
    afterMs: 12_000,
    gapMs,
    begin: () =>
      gated(async (gate, underTest) => {
        const from = Date.now();
        gate.isGone = true;
        await sleep(millis);
        gate.isGone = false;
        const until = Date.now();
        await heard(underTest.rig, underTest.show);
        return { from, until };
      }),
  };
}

function packets(name: string, gapMs: readonly [number, number], rule: () => Rule): Fault {
  return {
    name: `packets: ${name}`,
    afterMs: 5_000,
    gapMs,
    begin: () =>
      gated(async (gate) => {
        const from = Date.now();
        gate.rule = rule();
        await sleep(TROUBLE_MS);
        gate.rule = (on) => on();
        return { from, until: Date.now() };
      }),
  };
}

function gated(
  act: (
    gate: HostGate,
    underTest: Parameters<ReturnType<Fault["begin"]>["act"]>[0],
  ) => Promise<{ from: number; until: number }>,
): ReturnType<Fault["begin"]> {
  let gate: HostGate;
  return {
    speak: async (show) => {
      gate = await HostGate.start(new URL(show.whipUrl).origin);
      const host = await speakTo(show, gate.at(show.whipUrl));
      return {
        end: () => {
          host.end();
          gate.close();
        },
      };
    },
    act: (underTest) => act(gate, underTest),
  };
}
