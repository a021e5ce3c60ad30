import { methodNotAllowed, type Problem } from "../problem.ts";
import { refuse } from "./refusal.ts";

/** The handlers of a route by HTTP method, in the order in which its Allow header names the methods. */
export type Methods<Args extends readonly unknown[] = []> = Readonly<
  Record<string, (...args: Args) => Response | Promise<Response>>
>;

/** Answers a request with the handler of its method, or refuses it with 405 if the route has none. */
export function answerBy<Args extends readonly unknown[]>(
  methods: Methods<Args>,
  method: string,
  ...args: Args
): Response | Promise<Response> {
  const handler = isAllowed(methods, method) ? methods[method] : undefined;
  return handler === undefined ? refuse(notAllowed(methods)) : handler(...args);
}

/** Whether the route has this method. */
export function isAllowed(methods: object, method: string): boolean {
  return Object.hasOwn(methods, method);
}

/** The problem of a request whose method the route does not have. @param message replaces the default sentence */
export function notAllowed(methods: object, message?: string): Problem {
  return methodNotAllowed(allowOf(methods), message);
}

/** Returns the Allow header of a route (RFC 9110 section 10.2.1). */
export function allowOf(methods: object): string {
  return Object.keys(methods).join(", ");
}
