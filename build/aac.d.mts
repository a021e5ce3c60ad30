export function buildAac(): Promise<void>;
