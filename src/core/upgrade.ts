/** Calls that want to become a WebSocket, and where none can be carried or counted. */
import type { Call } from "./call.ts";
import { GatewayError } from "./errors.ts";

/** True for the opening handshake of RFC 6455, 4.1. Other protocols in `Upgrade` are an offer, which is not taken. */
export function wantsWebSocket({ method, headers }: Request): boolean {
  return method === "GET" && headers.get("upgrade")?.trim().toLowerCase() === "websocket";
}

/**
 * Before anything is asked, claimed or paid for. Nobody sees the messages, so on a metered route all of them would be for
 * nothing. @throws GatewayError `websocket_unsupported`
 */
export function checkUpgrade({
  request,
  upgrades,
  route,
}: Pick<Call, "request" | "upgrades"> & { route: Pick<Call["route"], "usage"> }): void {
  if (wantsWebSocket(request) && (!upgrades || route.usage)) throw new GatewayError("websocket_unsupported");
}
