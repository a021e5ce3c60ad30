/** Letters of a name at the most: file systems take 255 bytes, and a letter may have four. */
const LONGEST = 60;

/**
 * The Content-Disposition by which a browser saves a show as a file named by its title (RFC 6266): once in ASCII for old clients,
 * once as it is. What no file system takes is left out, and so is what would make a name a path or hide it.
 */
export function fileName(title: string): string {
  const name = title
    .toWellFormed()
    .normalize("NFC")
    .replace(/[\p{C}/\\:*?"<>|]/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+/, "");
  const short = [...name].slice(0, LONGEST).join("").trim() || "recording";
  const plain = short
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/g, "_");
  const encoded = encodeURIComponent(short).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}.m4a"; filename*=UTF-8''${encoded}.m4a`;
}
