import { PROBLEMS, type Problem, sfuUnavailable } from "../problem.ts";
import type { SfuFault } from "./sfu-api.ts";

/**
 * Returns the problem that a host gets when the SFU refuses its publisher or its talk session: 422 if its offer is the cause,
 * else 503 with Retry-After. If the SFU does not accept the deployment's credentials, the answer says that the operator has to
 * act, and the log says how.
 */
export function problemOf(fault: SfuFault, what: "publisher" | "talk session"): Problem {
  if (fault.code === "invalid_session_description" || fault.status === 406) return PROBLEMS.offerRefused;
  if (isMisconfigured(fault)) {
    console.error(
      `The SFU refused a ${what}: ${fault.status} ${fault.code}. It does not take this deployment's app or secret: ` +
        "check SFU_APP_ID and SFU_APP_SECRET, write the right ones into secrets.env, and deploy with " +
        "`npx wrangler deploy --secrets-file secrets.env`.",
    );
    return PROBLEMS.sfuMisconfigured;
  }
  console.warn(`The SFU refused a ${what}: ${fault.status} ${fault.code}`);
  return sfuUnavailable(`${what}s`);
}

/** Whether the SFU does not accept the app or its secret. Only the operator can correct that. */
function isMisconfigured({ status }: SfuFault): boolean {
  return status === 401 || status === 403 || status === 404;
}
