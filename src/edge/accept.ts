/** Whether `Accept-Encoding` offers gzip (RFC 9110 section 12.5.3): named or by `*`, and not with a weight of zero. */
export function acceptsGzip(header: string | null): boolean {
  if (header === null) return false;
  const known = answers.get(header);
  if (known !== undefined) return known;
  const answer = offersGzip(header);
  if (answers.size >= MAX_ANSWERS) answers.clear();
  answers.set(header, answer);
  return answer;
}

/** All players in the world send a few dozen values; who makes up more makes this start over. */
const MAX_ANSWERS = 100;
const answers = new Map<string, boolean>();

function offersGzip(header: string): boolean {
  let any = false;
  for (const item of header.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
    const isOffered = weight === undefined || Number(weight) > 0;
    if (coding === "gzip" || coding === "x-gzip") return isOffered;
    if (coding === "*") any = isOffered;
  }
  return any;
}
