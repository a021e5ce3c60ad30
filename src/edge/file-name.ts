/** Maximum length of a file name, characters: file systems allow 255 bytes, and a character may take four. */
const LONGEST = 60;

/**
 * Returns the Content-Disposition with which a browser saves a show under its title (RFC 6266). The name is there twice: in
 * ASCII for old clients, and in full. Characters that file systems refuse, or that would make the name a path, become spaces.
 * Leading dots, which would hide the file, are left out.
 */
export function fileName(title: string): string {
  const full = allowed(title.toWellFormed().normalize("NFC"));
  // NFKD makes a quotation mark of a wide one, and three dots of an ellipsis: what is not allowed has to be removed again.
  const plain = allowed(full.normalize("NFKD").replace(/\p{M}/gu, "")).replace(/[^\x20-\x7e]/g, "_");
  const encoded = encodeURIComponent(full).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}.m4a"; filename*=UTF-8''${encoded}.m4a`;
}

/** Returns the text without what a file name may not have, and at most {@link LONGEST} characters of it. */
function allowed(text: string): string {
  const name = text
    .replace(/[\p{C}/\\:*?"<>|]/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+/, "");
  return [...name].slice(0, LONGEST).join("").trim() || "recording";
}
