import { expect, test } from "vitest";
import { freePort } from "../kit/port.ts";
import { folder, StartCommand } from "./start-command.ts";

/** How soon `npm start` is ready, on a machine that does nothing else; its behaviour is tested in start.test.ts. */

test("npm start is ready within 15 s", async () => {
  using state = folder();
  const port = String(await freePort());
  const none = { ADMIN_TOKEN: "", UDP_PORTS: "", LOG: "", HOST: "" };
  const command = new StartCommand(state.path, { ...none, PORT: port });
  try {
    await expect.poll(() => command.out, { timeout: 15_000 }).toContain("Earshot is running");
  } finally {
    command.child.kill("SIGTERM");
    await command.ended;
  }
});
