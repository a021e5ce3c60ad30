/**
 * Makes text fit for a quoted-string, which has no escapes (draft-pantos-hls-rfc8216bis section 4.2): no line breaks, no double
 * quotes, and no `{$`, which would start a variable reference and make clients refuse the list (section 4.3).
 */
export function quotable(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll('"', "\u2033")
    .replaceAll("{$", "{ $")
    .trim();
}
