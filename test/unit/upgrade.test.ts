import { expect, it } from "vitest";
import { checkUpgrade } from "../../src/core/upgrade.ts";

const per = { price: { digits: 1n, scale: 2 }, per: 1n };
const usage = {
  max: per.price,
  tokens: undefined,
  bytes: per,
  seconds: undefined,
  header: undefined,
  base: undefined,
  unreadable: per.price,
};
const request = new Request("http://gateway.test/v1/realtime", { headers: { upgrade: "websocket" } });
const plain = new Request("http://gateway.test/v1/realtime");

it("a WebSocket on a metered route is refused, also where one can be carried: its messages would cost nothing", () => {
  const refused = () => checkUpgrade({ request, upgrades: true, route: { usage } });
  expect(refused).toThrow(expect.objectContaining({ code: "websocket_unsupported" }));
});

it("other calls of a metered route, and WebSockets of other routes, go on", () => {
  checkUpgrade({ request: plain, upgrades: true, route: { usage } });
  checkUpgrade({ request, upgrades: true, route: { usage: undefined } });
});
