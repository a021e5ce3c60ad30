/** Returns the element with this id and of this class. Throws where the page has none, which is a bug in its HTML. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** Returns the broadcast's id: the last segment of /listen/:id, /embed/:id or /studio/:id. */
export function pathId(path = location.pathname): string {
  return decodeURIComponent(path.replace(/\/+$/, "").split("/")[2] ?? "");
}

/** Sets an element's text, only if it changes: screen readers read a live region aloud at every write. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
