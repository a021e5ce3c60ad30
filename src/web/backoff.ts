/**
 * Returns the wait before retry number `attempt` (0, 1, 2 ...), ms. It doubles from `base` up to `ceiling` (both ms); the result
 * is random between half and all of that. The jitter matters most: a million pages that lost the relay in the same second
 * must not all come back in the same second.
 */
export function backoff(attempt: number, base: number, ceiling: number, random = Math.random): number {
  const whole = Math.min(ceiling, base * 2 ** Math.min(attempt, 30));
  return whole * (0.5 + random() / 2);
}
