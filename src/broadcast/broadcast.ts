import { DurableObject } from "cloudflare:workers";
import { hostKey } from "../access/keys.ts";
import { Secret } from "../access/secret.ts";
import type { Offer } from "../ingest/offer.ts";
import { Sfu, type SfuFault } from "../ingest/sfu.ts";
import { epochOf, type Target } from "../paths.ts";
import { addCounts, type Counts } from "./counts.ts";
import { describe, publicStatus } from "./description.ts";
import { beginAnew, end, goLive, isRunning, LONGEST_FILL_MS, open, type Show } from "./lifecycle.ts";
import { endedStage, Programme, recordingOf } from "./programme.ts";
import { type Accepted, type Crowded, Publishers } from "./publishers.ts";
import { type Read, Reads, type Stage } from "./reads.ts";
import { erase, type Recording } from "./recording.ts";
import { type Desk, routes, type Settings } from "./routes.ts";
import { Store } from "./store.ts";

export interface BroadcastEnv {
  readonly MEDIA: R2Bucket;
  readonly EARSHOT_SECRET: string;
  readonly SFU_API: string;
  readonly SFU_APP_ID: string;
  readonly SFU_APP_SECRET: string;
  /** ICE servers for publishers, comma-separated; may be empty. */
  readonly ICE_SERVERS: string;
}

/** How far ahead the alarm is set that brings the object back when it was evicted or crashed with nobody asking. */
const REVIVAL_MS = 30_000;
/** How often the alarm is moved on; each time is a row written. */
const REVIVAL_RENEWAL_MS = 10_000;
/** How often what has no event of its own is looked after. */
const CHORES_MS = 1_000;

/**
 * One live show. A shell: sockets, requests and timers come in here, go to the programme, the publishers or the reads,
 * and what they change is stored before it is seen.
 */
export class Broadcast extends DurableObject<BroadcastEnv> implements Desk {
  readonly iceServers: readonly string[];
  readonly #secret: Secret;
  readonly #app = routes(this);
  #store: Store;
  #reads: Reads;
  #publishers: Publishers | null = null;
  #show: Show | null;
  #programme: Programme | null = null;
  #ended: Stage | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #recording: Recording | null = null;
  #originReads: Counts;
  #choresAt = 0;
  #alarmAt = 0;
  readonly #hosts = new WeakMap<WebSocket, string>();

  constructor(ctx: DurableObjectState, env: BroadcastEnv) {
    super(ctx, env);
    this.iceServers = env.ICE_SERVERS.split(",").filter((server) => server !== "");
    this.#secret = new Secret(env.EARSHOT_SECRET);
    this.#store = new Store(ctx.storage.sql);
    this.#reads = new Reads(this.#store);
    this.#show = this.#store.show();
    this.#originReads = this.#store.originReads();
    if (this.#show !== null) this.#wake(this.#show, Date.now());
  }

  override fetch(request: Request): Response | Promise<Response> {
    return this.#app.fetch(request);
  }

  /** A listener's read, called by Origin, which says what reads it has answered since it last did. */
  async read(target: Target, answered: Counts | null): Promise<Read> {
    this.count(answered);
    const publishers = this.#publishers;
    if (this.#show === null || publishers === null) return UNKNOWN;
    if (target.kind === "status") {
      return { kind: "status", json: publicStatus(this.#show, { programme: this.#programme, publishers }) };
    }
    return this.#reads.read(target, () => this.#stage(), Date.now());
  }

  /** Counts what Origin has answered. */
  count(answered: Counts | null): void {
    if (this.#show !== null) this.#originReads = addCounts(this.#originReads, answered ?? {});
  }

  async create(settings: Settings, origin: string): Promise<object | null> {
    if (this.#show !== null) return null;
    const { id, title, latency, bitrate } = settings;
    const now = Date.now();
    const show: Show = {
      id,
      title,
      latency,
      bitrate,
      createdAt: now,
      state: "announced",
      timeline: null,
      endedAt: null,
    };
    this.#put(show);
    this.#wake(show, now);
    return this.describe(origin);
  }

  async describe(origin: string): Promise<object | null> {
    const show = this.#show;
    if (show === null || this.#publishers === null) return null;
    const onAir = {
      programme: this.#programme,
      publishers: this.#publishers,
      originReads: this.#originReads,
    };
    return describe(show, onAir, { origin, hostKey: await hostKey(this.#secret, show.id) });
  }

  open(): void {
    if (this.#show?.state !== "announced") return;
    const now = Date.now();
    this.#put(open(this.#show, { epoch: epochOf(now), startedAt: now }));
    this.#start();
  }

  async end(): Promise<void> {
    const show = this.#show;
    if (show === null || show.state === "ended") return;
    const now = Date.now();
    const programme = this.#programme;
    programme?.finish();
    this.#put(end(show, now));
    this.#ended = this.#stage();
    this.#halt();
    if (programme !== null) this.#reads.wake(programme.window, now);
    await this.alarm();
    this.ctx.waitUntil(this.#dropAll());
  }

  async remove(): Promise<void> {
    const id = this.#show?.id;
    await this.end();
    await this.#dropAll();
    await this.#recording?.run();
    this.#show = null;
    this.#ended = null;
    this.#recording = null;
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#store = new Store(this.ctx.storage.sql);
    this.#reads = new Reads(this.#store);
    if (id !== undefined) await erase(this.env.MEDIA, id);
  }

  async publish(offer: Offer, origin: string): Promise<Accepted | Crowded | SfuFault | "unknown" | "ended"> {
    if (this.#show === null || this.#publishers === null) return "unknown";
    if (this.#show.state === "ended") return "ended";
    const isHeard = (session: string) => this.#programme?.pipeline.isHeard(session) ?? false;
    const result = await this.#publishers.publish(offer, origin, isHeard, Date.now());
    if (result.kind === "accepted") {
      this.open();
      this.ctx.waitUntil(this.#publishers.attach(result.session));
    }
    return result;
  }

  hasSession(session: string): boolean {
    return this.#publishers?.has(session) ?? false;
  }

  async dropSession(session: string): Promise<void> {
    await this.#publishers?.drop(session, "the host has left");
  }

  acceptSocket(session: string, generation: number): Response | null {
    const { 0: client, 1: server } = new WebSocketPair();
    if (this.#publishers?.connect(session, generation, server) !== true) return null;
    this.ctx.acceptWebSocket(server, [session]);
    this.#hosts.set(server, session);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    const host = this.#hosts.get(socket);
    const programme = this.#programme;
    if (host === undefined || programme === null || this.#publishers?.isCurrent(host, socket) !== true)
      return;
    const bytes = typeof message === "string" ? new Uint8Array(0) : new Uint8Array(message);
    programme.pipeline.hear(host, bytes, programme.at(Date.now()));
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    const host = this.#hosts.get(socket);
    if (host !== undefined) await this.#publishers?.disconnect(host, socket, code, Date.now());
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket, 1006);
  }

  /**
   * Brings the object back: being constructed has resumed a running show already. Of one that has ended it sees to it
   * that the last segments get to R2, however long that takes.
   */
  override async alarm(): Promise<void> {
    await this.#recording?.run();
    if (this.#programme === null && this.#store.unkept(1).length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Date.now() + REVIVAL_MS);
  }

  /** Takes up a stored show: the one rule for a new object, a restarted one and one that slept. */
  #wake(show: Show, now: number): void {
    const { SFU_API, SFU_APP_ID, SFU_APP_SECRET } = this.env;
    const sfu = new Sfu(SFU_API, SFU_APP_ID, SFU_APP_SECRET);
    const later = (work: Promise<void>) => this.ctx.waitUntil(work);
    this.#publishers = new Publishers({ store: this.#store, sfu, secret: this.#secret, later }, show.id, now);
    if (show.state === "ended") {
      this.#ended = endedStage(show, this.#store);
      if (this.#ended !== null) {
        this.#recording = recordingOf(show, this.#store, this.env.MEDIA, this.#ended.init);
      }
    }
    if (isRunning(show)) this.#start();
    // Sockets outlive an object that hibernated.
    for (const socket of this.ctx.getWebSockets()) {
      const session = this.ctx.getTags(socket)[0] ?? "";
      this.#hosts.set(socket, session);
      this.#publishers.readopt(session, socket);
    }
  }

  /** Starts or resumes the timeline. One that stood still for too long is begun anew, under a new epoch. */
  #start(): void {
    const show = this.#show;
    if (show === null || this.#programme !== null) return;
    const now = Date.now();
    this.#programme = new Programme(show, this.#store, this.env.MEDIA);
    if (now - this.#programme.listedUntil > LONGEST_FILL_MS) {
      this.#store.clearMedia();
      const anew = beginAnew(show, { epoch: epochOf(now), startedAt: now });
      this.#put(anew);
      this.#programme = new Programme(anew, this.#store, this.env.MEDIA);
    }
    this.#recording = this.#programme.recording;
    this.#tick();
  }

  /** The show's clock. A bug that throws here must not stop the programme: the object restarts and resumes. */
  readonly #tick = (): void => {
    const programme = this.#programme;
    if (programme === null) return;
    try {
      const now = Date.now();
      if (programme.advance(now)) {
        this.#reads.wake(programme.window, now);
        this.ctx.waitUntil(programme.recording.run());
      }
      if (now - this.#choresAt >= CHORES_MS) this.#doChores(programme, now);
      this.#timer = setTimeout(this.#tick, programme.millisUntilDue(Date.now()));
    } catch (error) {
      console.error(`The programme of ${this.#show?.id} failed and is resumed: ${String(error)}`);
      this.ctx.abort("The programme failed.");
    }
  };

  #doChores(programme: Programme, now: number): void {
    this.#choresAt = now;
    const sessions = this.#publishers?.sessions ?? [];
    programme.pipeline.retain(sessions);
    this.#reads.wake(programme.window, now);
    if (this.#show?.state === "open" && sessions.some((session) => programme.pipeline.isHeard(session))) {
      this.#put(goLive(this.#show));
    }
    if (this.#publishers !== null) this.ctx.waitUntil(this.#publishers.sweep(now));
    if (now - this.#alarmAt < REVIVAL_RENEWAL_MS) return;
    this.#alarmAt = now;
    this.#store.putOriginReads(this.#originReads);
    this.ctx.waitUntil(this.ctx.storage.setAlarm(now + REVIVAL_MS));
  }

  #halt(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#programme = null;
  }

  async #dropAll(): Promise<void> {
    const publishers = this.#publishers;
    await Promise.all(
      (publishers?.sessions ?? []).map((session) => publishers?.drop(session, "the show has ended")),
    );
  }

  #stage(): Stage | null {
    const programme = this.#programme;
    if (programme === null || this.#show === null) return this.#ended;
    const { window, init, ring } = programme;
    return { show: this.#show, window, init, ring };
  }

  #put(show: Show): void {
    this.#show = show;
    this.#store.putShow(show);
  }
}

const UNKNOWN: Read = {
  kind: "refused",
  status: 404,
  code: "unknown_broadcast",
  message: "There is no such broadcast.",
};
