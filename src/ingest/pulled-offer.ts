/**
 * Removes the SFU's names of sessions, streams and tracks from an offer of the SFU that goes to a studio. Each section gets a
 * stream of its own, named by its mid, which stays the same in every later offer: a browser plays all tracks of one stream in
 * step with the latest of them (RFC 8866, RFC 8830, RFC 5576).
 */
export function withoutNames(offer: string): string {
  const [session = "", ...media] = offer.split(/^(?=m=)/m);
  return [withoutOrigin(session), ...media.map(named)].join("");
}

function withoutOrigin(session: string): string {
  return session
    .replace(/^o=\S+ (\S+)/m, (_, id: string) => `o=- ${/^\d+$/.test(id) ? id : "0"}`)
    .replace(/^s=.*/m, "s=-")
    .replace(/^a=msid-semantic:.*/gm, "a=msid-semantic:WMS *");
}

function named(section: string): string {
  const stream = `talk-${/^a=mid:(\S+)/m.exec(section)?.[1] ?? ""}`;
  const ofSource = (_: string, ssrc: string, what: string) =>
    `a=ssrc:${ssrc} ${what}:${what === "msid" ? `${stream} ${stream}` : stream}`;
  return section
    .replace(/^a=msid:.*/gm, () => `a=msid:${stream} ${stream}`)
    .replace(/^a=ssrc:(\d+) (cname|msid|mslabel|label):.*/gm, ofSource);
}
