export function lifeboatOf(variable: string | undefined, config: string): string | null;
export function withCopy(headers: string, url: string): string;
