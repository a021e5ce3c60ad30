/** A host with the name that people know. */
export interface Named {
  readonly name: string;
}

/** What this host hears of the others. After `lost` the page connects again by itself; what the host sends is not affected. */
export type TalkbackState<Host extends Named = Named> =
  | { readonly kind: "off" }
  | { readonly kind: "connecting" }
  | {
      readonly kind: "hearing";
      readonly voices: readonly Host[];
      /** The hosts who are on, and whose sound does not arrive yet. */
      readonly waiting: readonly Named[];
      /** Whether the browser requires one more press before it plays sound. */
      readonly isBlocked: boolean;
      /** Whether the others are turned down because this host's microphone squeals. */
      readonly isDucked: boolean;
    }
  | { readonly kind: "lost" };

/** Says in one sentence whom the host hears. */
export function talkbackSentence(state: TalkbackState): string {
  switch (state.kind) {
    case "off":
      return "";
    case "connecting":
      return "Connecting you with the other hosts …";
    case "lost":
      return "You can not hear the other hosts at the moment; you are still on the air. Trying again by itself …";
    case "hearing": {
      const { voices, waiting, isBlocked, isDucked } = state;
      if (isBlocked) return "Your browser wants one more press on this page before you hear the other hosts.";
      if (isDucked) return "Your microphone squeals, so the others are turned down. Wear headphones.";
      if (waiting.length > 0) return `You do not hear ${namesOf(waiting)} yet; you are still on the air.`;
      if (voices.length === 0) return "No other host is here.";
      return `You hear ${namesOf(voices)}. Wear headphones, or they hear themselves.`;
    }
  }
}

function namesOf(others: readonly Named[]): string {
  const names = others.map(({ name }) => name);
  const last = names.pop() ?? "";
  return names.length === 0 ? last : `${names.join(", ")} and ${last}`;
}
