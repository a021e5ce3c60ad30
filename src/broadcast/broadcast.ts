import { DurableObject } from "cloudflare:workers";
import type { HostKey } from "../access/keys.ts";
import type { Secret } from "../access/secret.ts";
import { Secrets } from "../access/secrets.ts";
import type { AnnouncementDescription } from "../announcement-api.ts";
import type {
  AcceptedOffer,
  AuthorizedHost,
  BroadcastApi,
  Changes,
  Description,
  HostAct,
  HostAnswer,
  JoiningHost,
  Offer,
  Removing,
  Settings,
  TalkAnswer,
  TalkCall,
} from "../broadcast-api.ts";
import { directoryOf } from "../directory-api.ts";
import type { Event } from "../events.ts";
import type { HoldDescription } from "../hold-api.ts";
import { Sfu } from "../ingest/sfu.ts";
import { lifeboatUrl } from "../lifeboat.ts";
import { parseIngest } from "../paths.ts";
import { bodyOf, PROBLEMS, type Problem } from "../problem.ts";
import type { RecordingAnswer, RecordingApi, RecordingAsk } from "../recording-api.ts";
import type { WebhookAct, WebhookState } from "../webhook-api.ts";
import type { AnnouncementRequest } from "./announcement-control.ts";
import { Archive } from "./archive.ts";
import { boundedBucket } from "./bounded-bucket.ts";
import type { Counts } from "./counts.ts";
import type { BroadcastEnv } from "./env.ts";
import { guarded } from "./guarded-call.ts";
import { admit, leave, publish, talk } from "./host-access.ts";
import { handleHostAct } from "./host-admin.ts";
import { announce, isRemovalDue, unfit } from "./lifecycle.ts";
import { Notice } from "./notice.ts";
import type { Read, Readable } from "./reads.ts";
import { recover } from "./recovery.ts";
import { Removal } from "./removal.ts";
import { Show } from "./show.ts";
import type { OwnHold, ShowRow } from "./show-row.ts";
import { acceptSocket } from "./socket.ts";
import { Store } from "./store.ts";

/**
 * The Durable Object of one broadcast. It is a shell: it hands every call to its {@link Show}, if there is one. In the order of
 * this file: restart of the object, operators, hosts, the SFU's sockets, Origin (recordings and listeners' reads), the alarm.
 */
export class Broadcast extends DurableObject<BroadcastEnv> implements BroadcastApi, RecordingApi {
  readonly #secrets: Secrets;
  readonly #notice: Notice;
  #store: Store;
  #archive: Archive;
  readonly #removal: Removal;
  /** Null: no broadcast was created, or it was deleted. */
  #show: Show | null = null;

  constructor(ctx: DurableObjectState, env: BroadcastEnv) {
    super(ctx, env);
    this.#secrets = new Secrets(env.EARSHOT_SECRET, env.EARSHOT_SECRET_PREVIOUS);
    this.#notice = new Notice(ctx.id.name ?? "", () => directoryOf(env.DIRECTORY));
    this.#store = new Store(ctx.storage.sql);
    this.#archive = new Archive(this.#store);
    this.#removal = this.#removalOf(ctx.id.name ?? "");
    // The platform delivers no request until the stored show has been loaded.
    void ctx.blockConcurrencyWhile(() => this.#takeUp());
  }

  /** Goes on with a removal that was interrupted; else resumes the stored show, if there is one. */
  async #takeUp(): Promise<void> {
    if (this.#removal.isDue) return this.ctx.waitUntil(this.#removal.run());
    this.#show = await recover(this.ctx.id.name ?? "", {
      store: this.#store,
      secrets: this.#secrets,
      make: (row, secret) => this.#make(row, secret),
      waitUntil: (work) => this.ctx.waitUntil(work),
    });
  }

  #make(row: ShowRow, secret: Secret): Show {
    const { LIFEBOAT_URL, SFU_API, SFU_APP_ID, SFU_APP_SECRET } = this.env;
    const waitUntil = (work: Promise<unknown>) => this.ctx.waitUntil(work);
    return new Show(row, {
      store: this.#store,
      bucket: boundedBucket(this.#removal.bucket),
      lifeboatUrl: lifeboatUrl(LIFEBOAT_URL),
      sfu: new Sfu(SFU_API, SFU_APP_ID, SFU_APP_SECRET),
      secret,
      notice: this.#notice,
      waitUntil,
      setAlarm: (time) =>
        // During a removal the object's one alarm belongs to the removal.
        this.#removal.isDue ||
        waitUntil(time === null ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(time)),
      restart: (why) => this.ctx.abort(why),
    });
  }

  #removalOf(id: string): Removal {
    const { MEDIA: bucket, AUDIENCE } = this.env;
    const audience = () => AUDIENCE.get(AUDIENCE.idFromName(id));
    const elsewhere = () => [this.#notice.remove(), audience().forget()];
    return new Removal(this.ctx.storage, { bucket, id, elsewhere }, () => {
      this.#store = new Store(this.ctx.storage.sql);
      this.#archive = new Archive(this.#store);
    });
  }

  async create(settings: Settings, origin: string): Promise<Description | Problem> {
    return guarded("create", async () => {
      const secret = await this.#secrets.of(settings.id);
      if (secret === null) throw new Error("this object has not been given the secret of that id yet");
      if (this.#show !== null) return PROBLEMS.slugTaken;
      if (this.#removal.isDue) return PROBLEMS.beingRemoved;
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
    return guarded(
      "change",
      async () => this.#show?.change(changes) ?? this.#show?.describe(origin) ?? PROBLEMS.unknownBroadcast,
    );
  }

  async hold(): Promise<HoldDescription | Problem> {
    return this.#shown("hold", (show) => show.holdControl.describe());
  }

  /** Sets the hold audio: the sound that Origin has put into R2, or the built-in (null). */
  async useHold(own: OwnHold | null): Promise<HoldDescription | Problem> {
    return this.#shown("useHold", (show) => show.holdControl.use(own));
  }

  async announcement(act: AnnouncementRequest): Promise<AnnouncementDescription | Problem> {
    return this.#shown("announcement", (show) => show.holdControl.announcementControl.handle(act));
  }

  async remove(): Promise<null | Removing | Problem> {
    return guarded("remove", async () => {
      if (this.#show === null && !this.#removal.isDue) {
        // Otherwise a broadcast that does not exist could stay in the Directory's list.
        await this.#notice.remove();
        return PROBLEMS.unknownBroadcast;
      }
      this.#discard();
      return (await this.#removal.within(REMOVAL_MS)) ? null : { kind: "removing" };
    });
  }

  /**
   * Takes the show out of this object at once, and begins to remove all that is stored of it. A farewell is left out: it would
   * keep the clock running, and storing, after the removal.
   */
  #discard(): void {
    const show = this.#show;
    if (show === null) return;
    this.#show = null;
    this.#removal.begin(() =>
      show
        .endAtOnce()
        .catch((error) => console.warn(`A show is deleted though it could not be ended: ${String(error)}`))
        .then(() => show.chronicle.abandon()),
    );
  }

  /** Makes a change, and returns the broadcast's description after it. */
  #changed(
    what: string,
    origin: string,
    change: (show: Show) => void | Promise<void>,
  ): Promise<Description | Problem> {
    return guarded(what, async () => {
      if (this.#show === null) return PROBLEMS.unknownBroadcast;
      await change(this.#show);
      // The show may have been removed during the change.
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
    return this.#shown("webhook", (show) => show.chronicle.webhook.handle(act));
  }

  async hosts(act: HostAct, origin: string): Promise<HostAnswer | Problem> {
    return this.#shown("hosts", (show) => handleHostAct(show, act, origin));
  }

  async publish(offer: Offer, joining: JoiningHost, origin: string): Promise<AcceptedOffer | Problem> {
    return this.#shown("publish", (show) => publish(show, offer, joining, origin));
  }

  async admit(key: HostKey, session: string | null): Promise<AuthorizedHost | Problem> {
    return this.#shown("admit", (show) => admit(show, key, session));
  }

  async talk(key: HostKey, asked: TalkCall): Promise<TalkAnswer | Problem> {
    return this.#shown("talk", (show) => talk(show, key, asked));
  }

  async leave(key: HostKey, session: string): Promise<null | Problem> {
    return this.#shown("leave", (show) => leave(show, key, session));
  }

  /** Returns the outcome of `work` with the show; `unknownBroadcast` if there is no show. */
  #shown<T>(what: string, work: (show: Show) => T | Problem | Promise<T | Problem>): Promise<T | Problem> {
    return guarded(what, async () => (this.#show === null ? PROBLEMS.unknownBroadcast : work(this.#show)));
  }

  /** Accepts the WebSocket that the SFU opens. The edge has checked its ingest token. */
  override fetch(request: Request): Response {
    const dialled = parseIngest(request.url);
    const accepted = dialled === null ? null : acceptSocket(() => this.#show, dialled, this.ctx);
    const over = PROBLEMS.sessionOver;
    const headers = { "cache-control": "no-store" };
    return accepted ?? Response.json(bodyOf(over), { status: over.status, headers });
  }

  /** Returns what Origin makes recordings and chapters of. */
  async recording(asked: RecordingAsk): Promise<RecordingAnswer | Problem> {
    return this.#shown("recording", (show) => this.#archive.handle(show.life.row, asked));
  }

  /** Answers a listener's read for Origin. @param answered reads that Origin has not reported yet, with this one */
  async read(target: Readable, answered: Counts): Promise<Read> {
    return this.#show?.read(target, answered) ?? PROBLEMS.unknownBroadcast;
  }

  /** Called by the platform, after the constructor has resumed the show; {@link Show.start} tries again where that failed. */
  override async alarm(): Promise<void> {
    if (this.#show !== null && isRemovalDue(this.#show.life.row, Date.now())) this.#discard();
    if (this.#removal.isDue) await this.#removal.run();
    this.#show?.start();
    this.#show?.doWhatIsDue();
    await this.#show?.settle();
  }
}

/** How long a DELETE waits for the removal to be complete, ms; then it answers that the removal goes on. */
const REMOVAL_MS = 20_000;
