import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { seller } from "../../dev/accounts.ts";
import { findAnvil } from "../../dev/anvil.ts";
import { startChain } from "../../dev/chain.ts";
import { startFacilitator } from "../../dev/facilitator.ts";
import { borrowPort } from "./ports.ts";

test("mints run side by side, and one that fails holds up no other", async () => {
  const chain = await startChain();
  const nobody = `0x${"0".repeat(40)}` as const;
  const mints = [nobody, seller.address, nobody, seller.address].map((address) => chain.mint(address, 5n));
  const outcomes = (await Promise.allSettled(mints)).map(({ status }) => status);
  expect(outcomes).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
  expect(await chain.balanceOf(seller.address)).toBe(10n);
  await chain.close();
});

describe("a bad start is explained", () => {
  test("a busy port", async () => {
    const chain = await startChain();
    const facilitator = await startFacilitator({ rpcUrl: chain.url });
    await expect(startChain({ port: chain.port })).rejects.toThrow(`Port ${chain.port} is busy`);
    await expect(startFacilitator({ rpcUrl: chain.url, port: facilitator.port })).rejects.toThrow("is busy");
    await facilitator.close();
    await chain.close();
  });

  test("no anvil binary", () => {
    expect(() => findAnvil({ ANVIL: "/nowhere/anvil" })).toThrow(/ANVIL names .* set ANVIL to its path/);
  });
});

describe("no chain is left behind", () => {
  test("closing frees the port at once", async () => {
    const chain = await startChain({ blockTime: 1 });
    await chain.close();
    await borrowPort(chain.port);
  });

  test("a killed parent takes its chain along", async () => {
    const script = `
      const { startChain } = await import("./dev/chain.ts");
      const { port } = await startChain();
      process.stdout.write(String(port), () => process.kill(process.pid, "SIGKILL"));`;
    const parent = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const exit = once(parent, "exit");
    const [output] = await once(parent.stdout, "data");
    expect((await exit)[1]).toBe("SIGKILL");
    await vi.waitFor(() => borrowPort(Number(String(output))), { timeout: 5000 });
  });
});
