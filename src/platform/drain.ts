/**
 * Closing a Node server without losing calls: those under way end, connections that are kept take no more, and what is
 * still streaming after the grace is cut, which is then known to be the server's doing and not the client's.
 */
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long calls in flight may take to end, ms; endless streams are then cut. */
const GRACE_MS = 20_000;

const cut = new WeakSet<Socket>();

/** True when the server has cut this connection. */
export function wasCut(socket: Socket): boolean {
  return cut.has(socket);
}

/** Prepares a server for being closed; the function it gives back does it. */
export function drainable(server: Server, graceMs = GRACE_MS): () => Promise<void> {
  const answering = new Set<ServerResponse>();
  const silent = new Set<Socket>();
  let closing = false;
  // Browsers and balancers connect ahead of need; Node does not take such a connection for an idle one.
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  // A kept connection brings the next call, and would hold a closing server up until its grace is over.
  server.prependListener("request", ({ socket }, response) => {
    silent.delete(socket);
    answering.add(response);
    if (closing) endConnection(response);
    response.once("close", () => {
      answering.delete(response);
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  return async function close() {
    closing = true;
    for (const response of answering) endConnection(response);
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    const deadline = setTimeout(() => {
      for (const { socket } of answering) if (socket) cut.add(socket);
      server.closeAllConnections();
    }, graceMs);
    await new Promise((done) => server.close(done));
    clearTimeout(deadline);
  };
}

/** Tells the client that this answer is the connection's last, if it is not too late to tell. */
function endConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}
