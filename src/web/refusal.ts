/** Tells the host about an answer that is not 201: what to do about it, or else the relay's own message. */
export async function refusal(response: Response): Promise<string> {
  const { status } = response;
  switch (status) {
    case 401:
    case 403:
      return "The host key in this link is wrong. Ask for the studio link again.";
    case 404:
      return "There is no such broadcast.";
    case 409:
      return "Every seat is taken: another host has to leave first.";
    case 410:
      return "This broadcast has ended.";
    default: {
      const body: unknown = await response.json().catch(() => null);
      const said = (body as { error?: { message?: unknown } } | null)?.error?.message;
      return typeof said === "string" ? said : `The relay refused the connection (${status}).`;
    }
  }
}
