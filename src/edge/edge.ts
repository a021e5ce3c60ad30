import { LISTENERS } from "../paths.ts";
import { addressOf } from "./address.ts";
import { controlRoutes } from "./control-routes.ts";
import type { EdgeEnv } from "./env.ts";
import { answerListener } from "./listener-requests.ts";
import { failed } from "./refusal.ts";
import { refusePlain, stayWithHttps } from "./transport.ts";

/** Every request arrives here. Listeners use the paths under /live/; hosts, operators and the SFU use all others. */
export const edge = {
  async fetch(request: Request, env: EdgeEnv, context: ExecutionContext): Promise<Response> {
    const address = addressOf(request.url);
    if (!address.pathname.startsWith(LISTENERS)) {
      const answer = refusePlain(request, env) ?? (await controlRoutes.fetch(request, env, context));
      return stayWithHttps(request, answer);
    }
    try {
      return await answerListener(address, request, env, context);
    } catch (error) {
      return failed(error);
    }
  },
};
