/** The demo upstream's WebSocket, `/socket`: an echo that keeps what it heard, and says goodbye when it is told `close`. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { accept, type Frame, openSocket, type Socket } from "./websocket.ts";

/** One WebSocket at the upstream. */
export interface Conversation {
  frames: Frame[];
  /** The connection is gone. */
  closed: boolean;
  socket: Socket;
}

/** Serves an upgrade of `/socket`; false for all others. `close 4001 why` makes it close with that code. */
export function converse(req: IncomingMessage, stream: Duplex, head: Buffer): Conversation | undefined {
  if (!req.url?.startsWith("/socket") || req.headers.upgrade !== "websocket") return undefined;
  const [protocol] = (req.headers["sec-websocket-protocol"] ?? "").split(",");
  accept(stream, req.headers, protocol?.trim() || undefined);
  const frames: Frame[] = [];
  const socket = openSocket(stream, { masked: false, head, onFrame });
  const conversation: Conversation = { frames, closed: false, socket };
  function onFrame(frame: Frame) {
    frames.push(frame);
    if ("bytes" in frame) socket.send(frame.bytes);
    if (!("text" in frame)) return;
    const [, code, reason] = /^close (\d{4}) ?(.*)$/.exec(frame.text) ?? [];
    if (code === undefined) socket.send(frame.text);
    else socket.close(Number(code), reason);
  }
  stream.once("close", () => {
    conversation.closed = true;
  });
  return conversation;
}

/** The plain answer to an upgrade that nobody takes: HTTP as if it had not been asked for. */
export function declineUpgrade(req: IncomingMessage, stream: Duplex): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(stream as Parameters<typeof res.assignSocket>[0]);
  res.once("finish", () => stream.end());
  return res;
}
