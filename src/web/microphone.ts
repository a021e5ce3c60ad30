/** How the host's sound is captured. */
export interface Capture {
  /** A device id from {@link listMicrophones}; absent: the system's default. */
  readonly deviceId?: string;
  readonly stereo: boolean;
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** Opens the microphone; the browser asks the host the first time. Rejects with an Error whose message tells the host why. */
export async function openMicrophone(capture: Capture): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new Error("Microphones need a secure page: open the studio over https.");
  const { deviceId, stereo, echoCancellation, noiseSuppression, autoGainControl } = capture;
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
        channelCount: stereo ? 2 : 1,
        sampleRate: 48_000,
        echoCancellation,
        noiseSuppression,
        autoGainControl,
      },
    });
  } catch (error) {
    throw new Error(refusal(error instanceof DOMException ? error.name : ""));
  }
}

/** Lists the microphones. Their names are empty until the host has allowed the page to use one. */
export async function listMicrophones(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices?.enumerateDevices();
  return (devices ?? []).filter((device) => device.kind === "audioinput" && device.deviceId !== "");
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
