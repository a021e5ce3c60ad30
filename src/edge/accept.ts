/** Whether `Accept-Encoding` offers gzip (RFC 9110 section 12.5.3): named or by `*`, and not with a weight of zero. */
export function acceptsGzip(header: string | null): boolean {
  let any = false;
  for (const item of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
    const isOffered = weight === undefined || Number(weight) > 0;
    if (coding === "gzip" || coding === "x-gzip") return isOffered;
    if (coding === "*") any = isOffered;
  }
  return any;
}
