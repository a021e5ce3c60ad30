import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/**
 * The smallest server that holds requests and answers all at once, in a process of its own: the cost of the same crowd
 * on this machine without a relay. It prints its port; `GET /release` releases the requests.
 */
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: 1800\r\nX-Padding: ${"-".repeat(400)}\r\n\r\n${"#".repeat(1_800)}`;

const held = new Set<Socket>();
const server = createServer((socket) => {
  socket.on("error", () => held.delete(socket));
  socket.on("data", (request) => {
    if (!request.toString("latin1").startsWith("GET /release ")) return void held.add(socket);
    for (const one of held) one.write(ANSWER);
    held.clear();
    socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
