import type { Offer } from "../broadcast-api.ts";
import { malformedOffer, type Problem, unsupportedOffer } from "../problem.ts";

/**
 * Reads a publisher's SDP offer, just far enough to refuse an offer that can not work (RFC 9725 section 4.2, RFC 8866). Video
 * m-lines stay in the offer: the SFU's answer declines them, and the rest of the offer is used.
 */
export function readOffer(sdp: string): Offer | Problem {
  if (!/^v=0\r?\n/.test(sdp)) return malformedOffer("An SDP offer begins with v=0.");
  const [session = "", ...media] = sdp.split(/^(?=m=)/m);
  if (media.length === 0) return malformedOffer("The offer has no media section (no m= line).");
  const audio = media.filter(
    (section) =>
      /^m=audio \d+ \S*RTP\S* /.test(section) && (!/^m=audio 0 /.test(section) || isBundleOnly(section)),
  );
  const opus = audio.filter((section) => /^a=rtpmap:\d+ opus\/48000/im.test(section));
  const section = opus[0];
  if (section === undefined) {
    return unsupportedOffer(
      audio.length === 0
        ? "The offer has no audio. Add a microphone or audio source and publish again."
        : "The offer has no Opus audio. Earshot takes Opus alone: choose it as the audio codec.",
    );
  }
  if (opus.length > 1)
    return unsupportedOffer("The offer has more than one audio track. Publish one; mix at your end.");
  if (/^a=(recvonly|inactive)\s*$/m.test(section)) {
    return unsupportedOffer("The audio is recvonly or inactive; a publisher offers sendonly or sendrecv.");
  }
  const mid = /^a=mid:(\S+)/m.exec(section)?.[1];
  if (mid === undefined) return malformedOffer("The audio section has no a=mid line (RFC 5888).");
  const transport = isBundleOnly(section) ? sdp : session + section;
  for (const attribute of ["ice-ufrag", "ice-pwd", "fingerprint"]) {
    if (!new RegExp(`^a=${attribute}:\\S`, "m").test(transport)) {
      return malformedOffer(`The offer has no a=${attribute} line, so no WebRTC connection can be made.`);
    }
  }
  return { kind: "offer", sdp, mid };
}

/**
 * Whether the section is bundle-only. Then port 0 does not mean that it is rejected: it uses the transport of its bundle's first
 * section (RFC 9143 section 6).
 */
function isBundleOnly(section: string): boolean {
  return /^a=bundle-only\s*$/m.test(section);
}
