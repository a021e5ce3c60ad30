/** The idle time of the idle Worker's shows, ms: without host and listener for this long, their doors close. */
export const IDLE_MS = 3_000;
