import { describe, expect, it } from "vitest";
import { isWithin, readIp } from "../../src/core/ip.ts";
import { type Change, expectFault, faultsOf, loadWith, type Row, set } from "./valid.ts";

const trust = (trustProxy: unknown): Change => set({ gateway: { trustProxy } });

async function trusts(trustProxy: unknown, address: string): Promise<boolean> {
  const { proxies } = await loadWith(trust(trustProxy));
  const ip = readIp(address);
  return ip !== undefined && (proxies?.ranges?.some((range) => isWithin(range, ip)) ?? false);
}

describe("trustProxy is read", () => {
  const rest = { ranges: undefined, header: "x-forwarded-for", host: false };
  it.each([
    ["left out", set({}), undefined],
    ["false", trust(false), undefined],
    ["true", trust(true), { ...rest, hops: Number.POSITIVE_INFINITY }],
    ["a number", trust(2), { ...rest, hops: 2 }],
    [
      "hops",
      trust({ hops: 1, header: "forwarded", host: true }),
      { ...rest, hops: 1, header: "forwarded", host: true },
    ],
  ])("%s", async (_, change, proxies) => {
    expect((await loadWith(change)).proxies).toEqual(proxies);
  });

  it.each([
    ["10.0.0.0/8", "10.255.255.255", "11.0.0.0"],
    ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
    ["192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.2"],
    ["0.0.0.0/0", "192.0.2.1", "2001:db8::1"],
    ["2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"],
    ["2001:DB8::1", "2001:db8:0::1", "2001:db8::2"],
    ["::/0", "2001:db8::1", "192.0.2.1"],
    ["::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"],
    ["::ffff:10.0.0.0/104", "::ffff:a01:203", "::a01:203"],
    ["loopback", "127.9.9.9", "128.0.0.1"],
    ["loopback", "::1", "::2"],
    ["linklocal", "169.254.1.1", "169.255.1.1"],
    ["linklocal", "fe80::1%eth0", "fec0::1"],
    ["private", "172.31.255.255", "172.32.0.0"],
    ["private", "fd00::1", "fe00::1"],
    ["uniquelocal", "192.168.1.1", "192.169.1.1"],
  ])("%s holds %s and not %s", async (cidr, inside, outside) => {
    expect(await trusts({ cidrs: [cidr] }, inside)).toBe(true);
    expect(await trusts({ cidrs: [cidr] }, outside)).toBe(false);
  });

  it("ranges from a variable", async () => {
    const cidrs = ["loopback", "${PROXIES}"];
    const { proxies } = await loadWith(trust({ cidrs }), { PROXIES: "192.0.2.0/24" });
    expect(proxies?.ranges).toHaveLength(3);
    expect(await faultsOf(trust({ cidrs }))).toMatchObject([
      { kind: "env", path: "gateway.trustProxy.cidrs[1]" },
    ]);
  });
});

describe("trustProxy that means nothing, or two things", () => {
  const AT = "gateway.trustProxy";
  const range = 'write "10.0.0.0/8", "2001:db8::/32", "192.0.2.1", or loopback, linklocal, private';
  it.each([
    "10.0.0.0/33",
    "10.0.0/8",
    "010.0.0.0/8",
    "2001:db8::/129",
    "fe80::1%eth0",
    "everyone",
    "",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "::ffff:10.0.0.0/90",
  ])("a range that is none: %s", async (text) => {
    const message = `"${text}" is not a range of addresses`;
    await expectFault([trust({ cidrs: ["loopback", text] }), `${AT}.cidrs[1]`, message, range]);
  });

  it.each<Row>([
    [
      trust({ cidrs: ["10.1.2.3/8"] }),
      `${AT}.cidrs[0]`,
      '"10.1.2.3/8" is an address within a range',
      'write "10.0.0.0/8" for the range, or "10.1.2.3" for the address',
    ],
    [
      trust({ cidrs: ["2001:db8::1/32"] }),
      `${AT}.cidrs[0]`,
      '"2001:db8::1/32" is an address within a range',
      'write "2001:db8::/32" for the range, or "2001:db8::1" for the address',
    ],
    [
      trust({ header: "forwarded" }),
      AT,
      "trusts no proxy",
      'say where they are: cidrs: ["10.0.0.0/8"], or how many: hops: 1',
    ],
    [trust({ hops: 1, cidr: ["loopback"] }), `${AT}.cidr`, "unknown key", 'did you mean "cidrs"?'],
  ])("%o", async (...row) => {
    await expectFault(row);
  });

  it.each([
    0,
    -1,
    1.5,
    33,
    "loopback",
    { hops: 0 },
    { cidrs: [] },
    { cidrs: "loopback" },
    { hops: 1, header: "x-real-ip" },
  ])("%j", async (trustProxy) => {
    const faults = await faultsOf(trust(trustProxy));
    expect(faults.map(({ path }) => path)).toEqual([expect.stringMatching(/^gateway\.trustProxy/)]);
  });
});
