/** A Worker that does almost nothing. Its start-up time is the ceiling for any Worker's. */
export default { fetch: () => Response.json({ ready: true }) };
