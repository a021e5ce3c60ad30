import { MediaStreamTrack, type RTCPeerConnection, type RTCRtpTransceiver } from "werift";
import { Forward } from "./forward.ts";
import { fixAnswer, type Refused, readOffer, refuse } from "./offer.ts";
import type { Track } from "./track.ts";

/** A track of another session that is sent to this one. A closed one keeps its media section, which is then inactive. */
interface Pull {
  readonly source: Source;
  readonly track: Track;
  readonly forward: Forward;
  readonly transceiver: RTCRtpTransceiver;
  closed: boolean;
}

/** The track's name in the request that pulls it. */
export interface Source {
  readonly sessionId: string;
  readonly trackName: string;
}

/**
 * The tracks of other sessions that one session pulls. Here the SFU makes the offers and the client answers them. While an offer
 * is unanswered there can be no other.
 */
export class Pulls {
  readonly #all: Pull[] = [];
  /** The mids of the offer that waits for its answer; null where none does. */
  #offered: readonly string[] | null = null;

  get isAnswerAwaited(): boolean {
    return this.#offered !== null;
  }

  get any(): boolean {
    return this.#all.length > 0;
  }

  /** The tracks that are pulled, and those that were closed. */
  get list(): readonly (Source & { readonly mid: string; readonly status: "active" | "inactive" })[] {
    return this.#all.map(({ source, transceiver, closed, track }) => ({
      ...source,
      mid: transceiver.mid ?? "",
      status: closed || track.closed ? "inactive" : "active",
    }));
  }

  /** Makes an offer with these tracks in addition to those that are pulled already. Returns their mids in the given order. */
  async offer(
    peer: RTCPeerConnection,
    tracks: readonly { readonly source: Source; readonly track: Track }[],
  ): Promise<{ readonly sdp: string; readonly mids: readonly string[] }> {
    this.#offered = [];
    const added = tracks.map(({ source, track }) => {
      const out = new MediaStreamTrack({ kind: "audio" });
      const transceiver = peer.addTransceiver(out, { direction: "sendonly" });
      const forward = new Forward(out);
      track.forwards.add(forward);
      return { source, track, forward, transceiver, closed: false };
    });
    this.#all.push(...added);
    await peer.setLocalDescription(await peer.createOffer());
    const sdp = fixAnswer(peer.localDescription?.sdp ?? "");
    this.#offered = [...sdp.matchAll(/^a=mid:(\S+)/gm)].map(([, mid = ""]) => mid);
    return { sdp, mids: added.map(({ transceiver }) => transceiver.mid ?? "") };
  }

  /** Takes the answer to the last offer. */
  async answer(peer: RTCPeerConnection, sdp: string): Promise<{ readonly kind: "taken" } | Refused> {
    // An answer must have what an offer must have: media sections with their transport attributes.
    const read = readOffer(sdp);
    if (read.kind === "refused") return read;
    if (read.media.map(({ mid }) => mid).join() !== this.#offered?.join())
      return refuse("its sections are not those of the offer");
    await peer.setRemoteDescription({ type: "answer", sdp: read.sdp });
    this.#offered = null;
    return { kind: "taken" };
  }

  /** Stops sending a track. Returns false if there is none with this mid, or if it is closed already. */
  close(mid: string): boolean {
    const pull = this.#all.find(({ transceiver, closed }) => transceiver.mid === mid && !closed);
    if (pull === undefined) return false;
    pull.closed = true;
    pull.track.forwards.delete(pull.forward);
    pull.transceiver.setDirection("inactive");
    return true;
  }

  /** Stops sending all tracks. */
  closeAll(): void {
    for (const { track, forward } of this.#all) track.forwards.delete(forward);
  }
}
