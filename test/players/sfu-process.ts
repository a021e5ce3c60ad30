import { startSfu } from "../../local/sfu/server.ts";

// The SFU's stand-in in a process of its own: it has to forward sound every 20 ms, however busy the test's process is.
// Argument: the application's secret.
const sfu = await startSfu({ port: 0, appId: "local", appSecret: process.argv[2] ?? "" });
process.send?.({ url: sfu.url });
process.once("disconnect", () => void sfu.close());
