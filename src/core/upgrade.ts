/** Calls that want to become a WebSocket, and platforms that cannot carry one. */
import type { Arrival } from "./call.ts";
import { GatewayError } from "./errors.ts";

/** True for the opening handshake of RFC 6455, 4.1. Other protocols in `Upgrade` are an offer, which is not taken. */
export function wantsWebSocket({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("upgrade")?.trim().toLowerCase() === "websocket";
}

/** Before anything is asked, claimed or paid for. @throws GatewayError `websocket_unsupported` */
export function checkUpgrade({ request, upgrades }: Arrival): void {
  if (!upgrades && wantsWebSocket(request)) throw new GatewayError("websocket_unsupported");
}
