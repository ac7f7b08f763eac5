/** Memory stays flat whatever the length of a body. A gigabyte each: `node bench/memory.ts`. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Runtime } from "../dev/bundle.ts";
import { transfer } from "./fixtures/transfer.ts";
import { startWorld, type World } from "./fixtures/world.ts";

const MIB = 1024 * 1024;

describe.each<Runtime>(["workers", "node"])("in %s", (runtime) => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld(runtime);
  });
  afterAll(() => world?.close());

  it.each([
    ["GET", "/large"],
    ["GET", "/late/large"],
    ["GET", "/kept/huge"],
    ["GET", "/metered/large"],
    ["POST", "/count"],
  ] as const)("256 MiB of %s %s take less than 64 MiB of memory", async (method, path) => {
    // What a first large body needs, it keeps.
    await transfer(world, method, path, 64 * MIB);
    const { bytes, baseline, peak, looks } = await transfer(world, method, path, 256 * MIB);
    expect(bytes).toBe(256 * MIB);
    expect(looks).toBeGreaterThan(5);
    expect(peak - baseline).toBeLessThan(64 * MIB);
  });
});
