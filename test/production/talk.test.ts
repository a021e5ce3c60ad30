import { createServer } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { RTCPeerConnection } from "werift";
import { listen } from "../kit/port.ts";
import { Studio } from "./talk.ts";

/** The smoke test's studio closes its connection, which would keep the process alive, even where the relay knows its session no more. */

afterEach(() => vi.restoreAllMocks());

test("a studio closes its connection although its DELETE is answered 404", async () => {
  const close = vi.spyOn(RTCPeerConnection.prototype, "close");
  // Stands for a relay whose talk session has gone together with the host's session.
  const relay = createServer(({ method }, answer) => {
    answer.writeHead(method === "DELETE" ? 404 : 200, { connection: "close" });
    answer.end(JSON.stringify({ talk: "t1" }));
  });
  const endpoint = `http://127.0.0.1:${await listen(relay)}/talk/show`;
  try {
    const studio = await Studio.open(endpoint, "key", { sessionUrl: `${endpoint}/whip/s1` });
    await expect(studio.close()).rejects.toThrow("DELETE of talk-back was answered 404");
    expect(close).toHaveBeenCalledOnce();
  } finally {
    relay.close();
  }
});
