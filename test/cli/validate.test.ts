/** What `tollbooth validate` prints of a configuration that is right, and may not be what was meant. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { start } from "./process.ts";

it("says where trust in proxies lets clients choose their address, as of the whole gateway", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollbooth-validate-"));
  try {
    const config = join(folder, "config.ts");
    const module = resolve("src/index.ts");
    await writeFile(
      config,
      `import { defineConfig } from ${JSON.stringify(module)};
       export default defineConfig({
         gateway: { trustProxy: true },
         upstreams: { api: { url: "https://api.example" } },
         routes: { "GET /free": { upstream: "api", price: "$0" } },
       });`,
    );
    const { exit, output } = start(["validate", "--config", config]);
    expect([await exit, output.stderr]).toEqual([0, ""]);
    expect(output.stdout).toContain(
      "To know: gateway.trustProxy believes all that is said of a client's address",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
