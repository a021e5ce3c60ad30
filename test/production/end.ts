import type { Publication } from "../../local/host/publisher.ts";
import type { CreatedBroadcast } from "../kit/created.ts";
import { type Desk, endShow, recordingFailuresOf } from "../kit/desk.ts";
import { Listener } from "../kit/listener.ts";
import { until } from "../kit/polling.ts";
import type { Checks } from "./checks.ts";

/** How long after a show's end its recording may still be answered with 409, ms. */
const READY_MS = 60_000;
/** How long the playback URL of an ended show may still name its live list, ms. */
const NAMED_MS = 5_000;

/** Checks what happens when the host leaves, when the show ends, and what is left of it. */
export async function checkEnd(
  checks: Checks,
  desk: Desk,
  show: CreatedBroadcast,
  { listener, publication }: { readonly listener: Listener; readonly publication: Publication | null },
): Promise<void> {
  await checks.run("the host leaves, and the show goes on in silence", async () => {
    await publication?.close();
    const { firstMsn, segments } = await listener.list();
    await listener.list(`_HLS_msn=${firstMsn + segments.length + 1}`);
    return "";
  });

  await checks.run("the end closes the list, and its last segment is served", async () => {
    await endShow(desk, show);
    const ended = await until(
      async () => {
        const list = await listener.list();
        return list.ended ? list : null;
      },
      { within: 5_000, every: 500 },
    );
    const last = ended.segments.at(-1);
    return `${(await listener.bytes(last?.name ?? "")).length} bytes of ${last?.name}`;
  });
  await checkReplay(checks, show, listener);
  await checkRecording(checks, desk, show);
}

/** Checks that the playback URL of an ended show names its replay, another list than `live`, which lists media and ends. */
export async function checkReplay(checks: Checks, show: CreatedBroadcast, live: Listener): Promise<void> {
  await checks.run("the playback URL plays the replay, from its first segment to its end", async () => {
    const replay = await until(
      async () => {
        const listener = await Listener.join(show.playbackUrl);
        return new URL(listener.url).pathname === new URL(live.url).pathname ? null : listener;
      },
      { within: NAMED_MS, every: 500, failure: () => "it still names the live list" },
    );
    const { segments, ended } = await replay.list();
    if (!ended) throw new Error("its list has no ENDLIST");
    if (segments.length === 0) throw new Error("its list has no segments");
    for (const { name } of [...segments.slice(0, 1), ...segments.slice(-1)]) await replay.bytes(name);
    return `${segments.length} segments`;
  });
}

/** Checks that the recording of an ended show comes as one whole MP4 file, and that R2 has refused nothing of it. */
export async function checkRecording(checks: Checks, desk: Desk, show: CreatedBroadcast): Promise<void> {
  await checks.run("the recording is there, and is as long as it says", async () => {
    const response = await until(() => readyRecording(show), { within: READY_MS, every: 1_000 });
    const length = response.headers.get("content-length");
    const bytes = Buffer.from(await response.arrayBuffer());
    if (length !== String(bytes.length))
      throw new Error(`it has ${bytes.length} bytes, and its Content-Length is ${length}`);
    // The first box of an MP4 file (ISO/IEC 14496-12 section 4.3).
    const type = bytes.toString("latin1", 4, 8);
    if (type !== "ftyp") throw new Error(`it begins with a box ${JSON.stringify(type)}`);
    return `${bytes.length} bytes`;
  });

  await checks.run("no put to R2 has failed", async () => {
    const failures = await recordingFailuresOf(desk, show);
    if (failures !== 0) throw new Error(`recordingFailures is ${failures}`);
    return "";
  });
}

/** Asks for the recording. Null where it is not ready yet (409). */
async function readyRecording({ playbackUrl }: CreatedBroadcast): Promise<Response | null> {
  const response = await fetch(new URL("recording.m4a", playbackUrl), {
    signal: AbortSignal.timeout(READY_MS),
  });
  if (response.status === 200) return response;
  const text = await response.text();
  if (response.status !== 409) throw new Error(`it was answered ${response.status}: ${text}`);
  return null;
}
