import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRelay } from "../../local/relay.ts";

/** The relay of `npm start`, in a process of its own with an IPC channel. It sends its URL, and ends with the channel. */
const persist = mkdtempSync(join(tmpdir(), "earshot-peer-"));
const { url, adminToken, pid, stop } = await startRelay({ persist });
process.once("disconnect", async () => {
  await stop();
  rmSync(persist, { recursive: true, force: true });
  process.exit();
});
process.send?.({ url, adminToken, pid });
