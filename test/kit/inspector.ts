import WebSocket from "ws";

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/**
 * Bytes in use in an isolate, buffers included, after a garbage collection, read through one socket to its inspector (Chrome
 * DevTools protocol). Null when the socket stays silent for `millis`.
 */
export async function heapBy(url: URL, millis: number): Promise<number | null> {
  const methods = ["Runtime.enable", "HeapProfiler.collectGarbage", "Runtime.getHeapUsage"];
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const socket = new WebSocket(url);
  const send = (id: number) => socket.send(JSON.stringify({ id, method: methods[id], params: {} }));
  const timer = setTimeout(() => resolve(null), millis);
  socket.on("open", () => send(0));
  socket.on("error", reject);
  socket.on("message", (message) => {
    const { id, result } = JSON.parse(String(message)) as { id?: number; result: HeapUsage };
    if (id === methods.length - 1) resolve(result.usedSize + result.backingStorageSize);
    else if (id !== undefined) send(id + 1);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.terminate();
  });
}
