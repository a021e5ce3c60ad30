import { classes, Message, methods } from "werift";

/** What a test's STUN message is; by default a check as an ICE client sends it, without a signature. */
interface Binding {
  readonly messageClass?: classes;
  /** The password that signs it; null for none. */
  readonly password?: string | null;
  readonly username?: string;
}

/** Makes a STUN Binding message that nominates its sender (RFC 8445 section 7.1). */
export function binding(options: Binding = {}): Message {
  const { messageClass = classes.REQUEST, password = null, username = "abcd:efgh" } = options;
  const message = new Message(methods.BINDING, messageClass);
  message.setAttribute("USERNAME", username).setAttribute("PRIORITY", 1);
  message.setAttribute("ICE-CONTROLLING", 1n).setAttribute("USE-CANDIDATE", null);
  if (password !== null) message.addMessageIntegrity(Buffer.from(password));
  return message.addFingerprint();
}
