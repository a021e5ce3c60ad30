/**
 * The wait before attempt `attempt` (0, 1, 2 ...), in milliseconds: doubles from `base` up to `ceiling`, and is
 * then drawn from [half, whole]. The draw matters more than the doubling: when a relay comes back, a million
 * pages that all lost it in the same second must not all return in the same second.
 */
export function backoff(attempt: number, base: number, ceiling: number, random = Math.random): number {
  const whole = Math.min(ceiling, base * 2 ** Math.min(attempt, 30));
  return whole * (0.5 + random() / 2);
}
