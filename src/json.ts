/** Parses JSON that comes from outside, for a schema to check; null where `text` is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
