/** Maximum length of a file name, characters: file systems allow 255 bytes, and a character may take four. */
const LONGEST = 60;

/**
 * Returns the Content-Disposition with which a browser saves a show under its title (RFC 6266). The name is there twice: in
 * ASCII for old clients, and in full. Characters that file systems refuse, or that would make the name a path, become spaces.
 * Leading dots, which would hide the file, are left out.
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
