import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import WebSocket from "ws";
import type { Loudspeaker } from "./loudspeaker.ts";
import { type Program, start } from "./program.ts";

/**
 * A headless Firefox with a profile of its own, controlled by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).
 */
export interface Firefox {
  /** Opens a page in a tab of its own; resolves when it has loaded. */
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab {
  /** Evaluates a JavaScript expression in the page, awaits it, and returns its value as a string. */
  read(expression: string): Promise<string>;
}

/** Preferences for a microphone that needs neither a device nor permission: a tone of 1 kHz, at 0.1 of full scale. */
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.audio.fake_frequency": 1000,
  "media.navigator.permission.disabled": true,
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "http://127.0.0.1:9/",
  "toolkit.telemetry.enabled": false,
};

/**
 * Starts Debian's (or your) Firefox. Throws one plain sentence when there is none.
 *
 * @param loudspeaker the audio output for its sound; without one it has no audio output, as on a server
 */
export async function startFirefox(loudspeaker?: Loudspeaker): Promise<Firefox> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`,
  );
  await writeFile(join(folder, "user.js"), lines.join("\n"));
  const env = {
    ...process.env,
    PULSE_SERVER: loudspeaker?.server ?? `unix:${join(folder, "none")}`,
    ALSA_CONFIG_PATH: "/dev/null",
    XDG_RUNTIME_DIR: folder,
  };
  const programs: Program[] = [];
  const close = async () => {
    for (const program of programs.reverse()) await program.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const args = ["--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"];
    const firefox = start(process.env.FIREFOX ?? "firefox-esr", args, env, "firefox-esr");
    programs.push(firefox);
    const [, address] = await firefox.says(/WebDriver BiDi listening on (ws:\S+)/);
    const call = await converse(`${address}/session`);
    await call("session.new", { capabilities: {} });
    return { open: (url) => openTab(call, url), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Call = (method: string, params: object) => Promise<Record<string, never>>;

/** Opens one connection. A call of a method by name resolves to its result, and rejects with the error's message. */
async function converse(url: string): Promise<Call> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  socket.on("message", (data) => {
    const { id, type, result, message } = JSON.parse(String(data));
    if (type === "success") waiting.get(id)?.resolve(result as never);
    else if (type === "error") waiting.get(id)?.reject(new Error(message));
    waiting.delete(id);
  });
  let calls = 0;
  return (method, params) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, method, params }));
    });
}

async function openTab(call: Call, url: string): Promise<Tab> {
  const { context } = await call("browsingContext.create", { type: "tab" });
  await call("browsingContext.navigate", { context, url, wait: "complete" });
  return {
    read: async (expression) => {
      const evaluated = await call("script.evaluate", {
        expression: `(async () => String(await (${expression})))()`,
        target: { context },
        awaitPromise: true,
        userActivation: true,
      });
      const { type, result, exceptionDetails } = evaluated as unknown as {
        type: string;
        result?: { value: string };
        exceptionDetails?: { text: string };
      };
      if (type !== "success") throw new Error(exceptionDetails?.text);
      return result?.value ?? "";
    },
  };
}
