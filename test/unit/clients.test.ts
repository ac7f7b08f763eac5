import { describe, expect, it } from "vitest";
import { toCountedAddress } from "../../src/core/ip.ts";
import type { LimitContext, LimitKey } from "../../src/core/limit.ts";
import { clientOf } from "../../src/limits/client.ts";
import { compileMatch } from "../../src/routing/match.ts";
import { arrivalOf, codeOf, routeOf } from "./call.ts";

describe("an address, as it is counted", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["::1", "::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["not an address", "none"],
    ["", "none"],
    [undefined, "none"],
  ])("%s is %s", (address, counted) => {
    expect(toCountedAddress(address)).toBe(counted);
  });
});

describe("who is counted", () => {
  const call = compileMatch([routeOf("GET /a/:id")])(
    arrivalOf("GET", "/a/7", { "x-client": "c1", cookie: "sid=s1; sid=s2" }),
  );
  const cases: [LimitKey, string | undefined, string][] = [
    ["address", "0xpayer", "address:192.0.2.7"],
    ["payer", "0xpayer", "payer:0xpayer"],
    ["payer", undefined, "address:192.0.2.7"],
    [{ header: "X-Client" }, undefined, "header x-client:c1"],
    [{ header: "x-other" }, undefined, "address:192.0.2.7"],
    [{ cookie: "sid" }, undefined, "cookie sid:s1"],
    [{ cookie: "other" }, undefined, "address:192.0.2.7"],
    [({ params, address }: LimitContext) => `${params.id} ${address}`, undefined, "function:7 192.0.2.7"],
    [() => undefined, undefined, "address:192.0.2.7"],
  ];
  it.each(cases)("%o with payer %s is %s", (key, payer, client) => {
    expect(clientOf(key, call, payer).client).toBe(client);
  });

  it("nothing a client sends can pass for an address or a payer", () => {
    const posing = compileMatch([routeOf("GET /a")])(
      arrivalOf("GET", "/a", { "x-client": "address:192.0.2.7" }),
    );
    const posed = clientOf({ header: "x-client" }, posing, undefined).client;
    expect(posed).toContain("address:192.0.2.7");
    expect(posed).not.toBe(clientOf("address", posing, undefined).client);
  });

  it("a function that throws refuses the call", () => {
    const key = () => {
      throw new Error("no");
    };
    expect(codeOf(() => clientOf(key, call, undefined))).toBe("internal_error");
  });
});
