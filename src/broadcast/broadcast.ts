import { DurableObject } from "cloudflare:workers";
import type { HostKey } from "../access/keys.ts";
import type { Secret } from "../access/secret.ts";
import { Secrets } from "../access/secrets.ts";
import type { AnnouncementDescription } from "../announcement-api.ts";
import type {
  Accepted,
  Admitted,
  BroadcastApi,
  Changes,
  Description,
  HostAct,
  HostAnswer,
  Newcomer,
  Offer,
  Settings,
  TalkAnswer,
  TalkCall,
} from "../broadcast-api.ts";
import { directoryOf } from "../directory-api.ts";
import type { Event } from "../events.ts";
import type { HoldDescription } from "../hold-api.ts";
import { Sfu } from "../ingest/sfu.ts";
import { lifeboatUrl } from "../lifeboat.ts";
import { parseIngest, type Target } from "../paths.ts";
import { PROBLEMS, type Problem } from "../problem.ts";
import type { WebhookAct, WebhookState } from "../webhook-api.ts";
import type { Act } from "./announcing.ts";
import { told } from "./call.ts";
import type { Counts } from "./counts.ts";
import type { BroadcastEnv } from "./env.ts";
import { attend } from "./host-desk.ts";
import { admit, leave, publish, talk } from "./host-door.ts";
import { announce, type OwnHold, type ShowRow, unfit } from "./lifecycle.ts";
import { Notice } from "./notice.ts";
import type { Read } from "./reads.ts";
import { erase } from "./recording.ts";
import { Show } from "./show.ts";
import { Store } from "./store.ts";

/**
 * One broadcast, as the platform's object that it lives in. A shell: whatever comes in is handed to its {@link Show}, where
 * there is one. In the order of this file: the object is made anew, operators, hosts, the SFU's sockets, listeners, the alarm.
 */
export class Broadcast extends DurableObject<BroadcastEnv> implements BroadcastApi {
  readonly #secrets: Secrets;
  readonly #notice: Notice;
  #store: Store;
  /** Null where no broadcast was created, or it was deleted. */
  #show: Show | null = null;

  constructor(ctx: DurableObjectState, env: BroadcastEnv) {
    super(ctx, env);
    this.#secrets = new Secrets(env.EARSHOT_SECRET, env.EARSHOT_SECRET_PREVIOUS);
    this.#notice = new Notice(ctx.id.name ?? "", () => directoryOf(env.DIRECTORY));
    this.#store = new Store(ctx.storage.sql);
    // Nothing comes in before the stored show has been taken up.
    void ctx.blockConcurrencyWhile(() => this.#takeUp());
  }

  /** Takes up the stored show, if there is one. One whose row is damaged is opened again if it was, or has hosts. */
  async #takeUp(): Promise<void> {
    const stored = this.#store.show(this.ctx.id.name ?? "");
    if (stored === null) return;
    const row = stored.kind === "whole" ? stored.row : this.#repair(stored.row);
    const secret = await this.#secrets.of(row.id);
    if (secret === null) {
      this.#endUnreachable(row);
      return;
    }
    this.#show = this.#make(row, secret);
    const hasHosts = this.#show.publishers.sessions.length > 0;
    if (stored.kind === "damaged" && (stored.wasRunning || hasHosts)) this.#show.open();
    this.#show.start();
    this.#show.doWhatIsDue();
  }

  /**
   * Ends a show whose secret is gone: nobody can reach it any more, and it would run and cost for ever. To look for its
   * secret when the object is made is enough, because what an object has been bound does not change while it lives; one that
   * nobody asks for is brought back by the alarm that a running show has.
   */
  #endUnreachable(row: ShowRow): void {
    this.#show = this.#make(row, this.#secrets.present);
    if (row.state === "ended") return;
    console.warn(
      `${row.id} has ended: it was made under a secret that this deployment does not have any more.`,
    );
    this.ctx.waitUntil(this.#show.end());
  }

  /** Stores what could be read of a damaged row, without the media of a timeline that nobody can name any more. */
  #repair(row: ShowRow): ShowRow {
    const repaired = { ...row, anew: { at: Date.now(), why: "its row could not be read" } };
    console.warn(`The timeline of ${row.id} is lost: its row could not be read.`);
    this.#store.setAside(null);
    this.#store.putShow(repaired);
    return repaired;
  }

  #make(row: ShowRow, secret: Secret): Show {
    const { MEDIA, LIFEBOAT_URL, SFU_API, SFU_APP_ID, SFU_APP_SECRET } = this.env;
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    return new Show(row, {
      store: this.#store,
      bucket: MEDIA,
      lifeboatUrl: lifeboatUrl(LIFEBOAT_URL),
      sfu: new Sfu(SFU_API, SFU_APP_ID, SFU_APP_SECRET),
      secret,
      notice: this.#notice,
      waitUntil,
      setAlarm: (time) =>
        waitUntil(time === null ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(time)),
      restart: (why) => this.ctx.abort(why),
    });
  }

  async create(settings: Settings, origin: string): Promise<Description | Problem> {
    return told("create", async () => {
      const secret = await this.#secrets.of(settings.id);
      if (secret === null) throw new Error("this object has not been given the secret of that id yet");
      if (this.#show !== null) return PROBLEMS.slugTaken;
      const now = Date.now();
      const problem = unfit(settings, settings, now);
      if (problem !== null) return problem;
      const row = announce(settings, now);
      this.#store.putShow(row);
      this.#show = this.#make(row, secret);
      this.#show.doWhatIsDue();
      await this.#show.settle();
      return this.#show.describe(origin);
    });
  }

  async describe(origin: string): Promise<Description | Problem> {
    return this.#changed("describe", origin, () => {});
  }

  async open(origin: string): Promise<Description | Problem> {
    return this.#changed("open", origin, (show) => show.open());
  }

  async end(origin: string): Promise<Description | Problem> {
    return this.#changed("end", origin, (show) => show.end());
  }

  async rotateKey(origin: string): Promise<Description | Problem> {
    return this.#changed("rotateKey", origin, (show) => show.rotateKey());
  }

  async change(changes: Changes, origin: string): Promise<Description | Problem> {
    return told(
      "change",
      async () => this.#show?.change(changes) ?? this.#show?.describe(origin) ?? PROBLEMS.unknownBroadcast,
    );
  }

  async hold(): Promise<HoldDescription | Problem> {
    return this.#shown("hold", (show) => show.holding.describe());
  }

  /** What is heard where no host is: what Origin has put into R2, or the built-in (null). */
  async useHold(own: OwnHold | null): Promise<HoldDescription | Problem> {
    return this.#shown("useHold", (show) => show.holding.use(own));
  }

  async announcement(act: Act): Promise<AnnouncementDescription | Problem> {
    return this.#shown("announcement", (show) => show.holding.announcing.attend(act));
  }

  async remove(): Promise<null | Problem> {
    return told("remove", async () => {
      const show = this.#show;
      if (show === null) {
        // So that nothing which is not there can stay in the list.
        await this.#notice.remove();
        return PROBLEMS.unknownBroadcast;
      }
      const id = this.ctx.id.name ?? "";
      const unended = (error: unknown) =>
        console.warn(`${id} is deleted though it could not be ended: ${String(error)}`);
      await show.end().catch(unended);
      await show.recording.abandon();
      // What R2 and the Directory do not let go of yet can be deleted by the next call only if there is still a broadcast.
      await erase(this.env.MEDIA, id);
      await this.#notice.remove();
      // Another call may have removed it meanwhile, and a show of the same name been created.
      if (this.#show !== show) return null;
      show.chronicle.abandon();
      this.#show = null;
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
      this.#store = new Store(this.ctx.storage.sql);
      return null;
    });
  }

  /** What the broadcast is like after a change. */
  #changed(
    what: string,
    origin: string,
    change: (show: Show) => void | Promise<void>,
  ): Promise<Description | Problem> {
    return told(what, async () => {
      if (this.#show === null) return PROBLEMS.unknownBroadcast;
      await change(this.#show);
      // It may have been removed meanwhile.
      return this.#show?.describe(origin) ?? PROBLEMS.unknownBroadcast;
    });
  }

  async events(after: number, waits: boolean): Promise<readonly Event[] | Problem> {
    return this.#shown("events", (show) => show.chronicle.followers.after(after, waits));
  }

  async mark(title: string): Promise<Event | Problem> {
    return this.#shown("mark", (show) => show.chronicle.note({ kind: "marker", title }));
  }

  async webhook(act: WebhookAct): Promise<WebhookState | Problem | null> {
    return this.#shown("webhook", (show) => show.chronicle.webhook.attend(act));
  }

  async hosts(act: HostAct, origin: string): Promise<HostAnswer | Problem> {
    return this.#shown("hosts", (show) => attend(show, act, origin));
  }

  async publish(offer: Offer, newcomer: Newcomer, origin: string): Promise<Accepted | Problem> {
    return this.#shown("publish", (show) => publish(show, offer, newcomer, origin));
  }

  async admit(key: HostKey, session: string | null): Promise<Admitted | Problem> {
    return this.#shown("admit", (show) => admit(show, key, session));
  }

  async talk(key: HostKey, asked: TalkCall): Promise<TalkAnswer | Problem> {
    return this.#shown("talk", (show) => talk(show, key, asked));
  }

  async leave(key: HostKey, session: string): Promise<null | Problem> {
    return this.#shown("leave", (show) => leave(show, key, session));
  }

  /** Does `work` with the show, if there is one. */
  #shown<T>(what: string, work: (show: Show) => T | Problem | Promise<T | Problem>): Promise<T | Problem> {
    return told(what, async () => (this.#show === null ? PROBLEMS.unknownBroadcast : work(this.#show)));
  }

  /** The SFU's WebSocket; whether it may come has been checked at the edge. */
  override fetch(request: Request): Response {
    const dialled = parseIngest(request.url);
    const accepted = dialled === null ? null : this.#acceptSocket(dialled.session, dialled.generation);
    if (accepted !== null) return accepted;
    const { status, code, message } = PROBLEMS.sessionOver;
    return Response.json({ error: { code, message } }, { status, headers: { "cache-control": "no-store" } });
  }

  /** Null where the session or its generation is over. */
  #acceptSocket(session: string, generation: number): Response | null {
    const { 0: client, 1: server } = new WebSocketPair();
    if (this.#show?.publishers.connect(session, generation, server) !== true) return null;
    server.binaryType = "arraybuffer";
    server.accept();
    server.addEventListener("message", ({ data }) => {
      if (this.#show?.publishers.isCurrent(session, server) !== true) return;
      this.#show.hear(session, typeof data === "string" ? NOTHING : new Uint8Array(data as ArrayBuffer));
    });
    const disconnect = (code: number) => {
      const gone = this.#show?.publishers.disconnect(session, server, code, Date.now());
      if (gone !== undefined) this.ctx.waitUntil(gone);
    };
    server.addEventListener("close", ({ code }) => disconnect(code));
    server.addEventListener("error", () => disconnect(1006));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A listener's read, called by Origin, with the reads that it has answered and not told of yet, this one included. */
  async read(target: Exclude<Target, { kind: "audience" }>, answered: Counts): Promise<Read> {
    return this.#show?.read(target, answered) ?? PROBLEMS.unknownBroadcast;
  }

  /** Brings the object back. That it was constructed has resumed the show already, unless it could not be. */
  override async alarm(): Promise<void> {
    this.#show?.start();
    this.#show?.doWhatIsDue();
    await this.#show?.settle();
  }
}

/** A text message says nothing that the SFU would; it is counted with the garbage. */
const NOTHING = new Uint8Array(0);
