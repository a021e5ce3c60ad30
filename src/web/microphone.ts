/** How the host's sound is captured. */
export interface Capture {
  /** A device id from {@link listMicrophones}; absent: the system's default. */
  readonly deviceId?: string;
  readonly stereo: boolean;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** An open microphone. */
export interface Microphone {
  readonly kind: "open";
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
}

/** Why a microphone could not be opened: a sentence for the host. */
export interface NoMicrophone {
  readonly kind: "refused";
  readonly reason: string;
}

/** Opens the microphone; the browser asks the host the first time. */
export async function openMicrophone(capture: Capture): Promise<Microphone | NoMicrophone> {
  if (!navigator.mediaDevices) return refused("Microphones need a secure page: open the studio over https.");
  const { deviceId, stereo, echoCancellation, noiseSuppression, autoGainControl } = capture;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
        channelCount: stereo ? 2 : 1,
        sampleRate: 48_000,
        echoCancellation,
        noiseSuppression,
        autoGainControl,
      },
    });
    const [track] = stream.getAudioTracks();
    return track ? { kind: "open", stream, track } : refused("The microphone gives no sound.");
  } catch (error) {
    return refused(refusal(error instanceof DOMException ? error.name : ""));
  }
}

/** Lists the microphones. Their names are empty until the host has allowed the page to use one. */
export async function listMicrophones(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices?.enumerateDevices();
  return (devices ?? []).filter((device) => device.kind === "audioinput" && device.deviceId !== "");
}

function refused(reason: string): NoMicrophone {
  return { kind: "refused", reason };
}

function refusal(name: string): string {
  switch (name) {
    case "NotAllowedError":
      return "The browser does not let this page use a microphone. Allow it in the address bar and press again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "That microphone is not there. Plug it in or choose another.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is in use by another program.";
    default:
      return "The microphone could not be opened.";
  }
}
