/**
 * The audio codec that an SDP answer chose, as its rtpmap line has it (RFC 8866 section 6.6), e.g. "opus/48000/2": the first
 * payload type of the first audio section that is not rejected. Null where it does not say.
 */
export function codecOf(answer: string): string | null {
  const section = answer.split(/^(?=m=)/m).find((text) => /^m=audio [1-9]/.test(text));
  const payload = /^m=audio \d+ \S+ (\d+)/.exec(section ?? "")?.[1];
  const codec = new RegExp(`^a=rtpmap:${payload} (\\S{1,40})\\s*$`, "m").exec(section ?? "")?.[1];
  return codec?.toLowerCase() ?? null;
}
