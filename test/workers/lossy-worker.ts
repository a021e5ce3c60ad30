import { Audience as Real, type Report } from "../../src/audience/audience.ts";
import type { Answer } from "../../src/audience/pace.ts";
import { edge } from "../../src/edge/edge.ts";

/**
 * The deployed Worker, but that its shards can be made to lose what is reported to them: `/reports/lost`, and
 * `/reports/heard` to have them listen again. A fake for that alone: no report can be lost on demand otherwise.
 */

export { Broadcast } from "../../src/broadcast/broadcast.ts";
export { Origin } from "../../src/origin/origin.ts";

let areLost = false;
let lost = 0;

export class Audience extends Real {
  override report(report: Report): Answer {
    if (!areLost) return super.report(report);
    lost += 1;
    throw new Error("lost by the test");
  }
}

export default {
  fetch(request: Request, env: never, context: never): Response | Promise<Response> {
    const [, first, second] = new URL(request.url).pathname.split("/");
    if (first !== "reports") return edge.fetch(request, env, context);
    areLost = second === "lost";
    return Response.json({ lost });
  },
};
