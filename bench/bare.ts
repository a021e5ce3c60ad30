/** The least a Worker can do: the ceiling of what starting one costs. */
export default { fetch: () => Response.json({ ready: true }) };
