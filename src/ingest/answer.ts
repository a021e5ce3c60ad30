/**
 * Returns the audio codec that an SDP answer chose, as its rtpmap line names it (RFC 8866 section 6.6), e.g. "opus/48000/2": that
 * of the first payload type in the first audio section that is not rejected. Null if the answer does not name it.
 */
export function codecOf(answer: string): string | null {
  const section = answer.split(/^(?=m=)/m).find((text) => /^m=audio [1-9]/.test(text));
  const payload = /^m=audio \d+ \S+ (\d+)/.exec(section ?? "")?.[1];
  const codec = new RegExp(`^a=rtpmap:${payload} (\\S{1,40})\\s*$`, "m").exec(section ?? "")?.[1];
  return codec?.toLowerCase() ?? null;
}
