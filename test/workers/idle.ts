/** After how long with neither host nor listener the doors of the idle Worker's shows close, ms. */
export const IDLE_MS = 3_000;
