/** A broadcast as the admin API describes it, as far as `npm start` and `npm run demo` use it. */
export interface DemoShow {
  readonly id: string;
  readonly state: string;
  readonly whipUrl: string;
  readonly hostKey: string;
  readonly playbackUrl: string;
  readonly listenUrl: string;
  readonly studioUrl: string;
  readonly statusUrl: string;
}

/**
 * The broadcast that can be used to try things, or the slug under which it has to be created. `ended`: the one before it, which has
 * ended; null if it is the first.
 */
export type Demo = (
  | { readonly kind: "there"; readonly show: DemoShow }
  | { readonly kind: "missing"; readonly slug: string }
) & { readonly ended: DemoShow | null };

/**
 * Looks for the broadcast `demo`. One that has ended is kept, because its replay and its recording may be wanted; then `demo-2`
 * takes its place, and so on.
 *
 * @param describe returns the broadcast of that slug; null if there is none
 */
export async function findDemo(describe: (slug: string) => Promise<DemoShow | null>): Promise<Demo> {
  let ended: DemoShow | null = null;
  for (let n = 1; ; n++) {
    const slug = n === 1 ? "demo" : `demo-${n}`;
    const show = await describe(slug);
    if (show === null) return { kind: "missing", slug, ended };
    if (show.state !== "ended") return { kind: "there", show, ended };
    ended = show;
  }
}
