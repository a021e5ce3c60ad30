/**
 * What a player is doing. `blocked`: the browser wants another press before it lets sound out. `no-output`: the browser has no
 * audio output; it is tried again.
 */
export type Playing = "stopped" | "joining" | "playing" | "reconnecting" | "no-output" | "blocked" | "ended";
