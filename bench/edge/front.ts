import { bundle } from "../../local/bundle.ts";
import type { Service } from "./workerd.ts";

/**
 * Returns the deployed edge alone, as a Worker named `edge`, with its origin bound to it (env.ORIGIN). Its Audience answers at
 * once and asks for the next report in ten seconds.
 *
 * @param secret the deployment's secret
 * @param origin the name of the origin's service
 */
export async function frontService(secret: string, origin: string): Promise<Service> {
  const [edge] = await bundle("src/edge/edge.ts");
  return {
    name: "edge",
    modules: { "front.js": FRONT, "edge.js": edge?.bytes ?? "" },
    text: { EARSHOT_SECRET: secret, ADMIN_TOKEN: "" },
    services: { ORIGIN: origin },
    isPublic: true,
  };
}

const FRONT = `import { edge } from "edge.js";
const answer = { boot: "bench", afterMs: 10_000, dueMs: 10_000, reachMs: 0, shards: 1 };
const AUDIENCE = { idFromName: (name) => name, get: () => ({ report: async () => answer }) };
let bindings = null;
export default {
  fetch(request, env, context) {
    bindings ??= { ...env, AUDIENCE };
    return edge.fetch(request, bindings, context);
  },
};`;
