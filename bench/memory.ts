/**
 * `node bench/memory.ts [--mib 1024] [--only "node up"]`: one large body after the other through the gateway in workerd and in Node, and
 * how much its process grew. Fails when it grew by more than the bound, so that it can be believed when it does not.
 */
import { parseArgs } from "node:util";
import { bundle, type Runtime } from "../dev/bundle.ts";
import { transfer } from "../test/fixtures/transfer.ts";
import { BUNDLES, startWorld } from "../test/fixtures/world.ts";

const MIB = 1024 * 1024;
/** More than this over what it had before is not flat. */
const BOUND_MIB = 64;

/** What is sent, which way. */
const BODIES: [name: string, method: "GET" | "POST", path: string][] = [
  ["down, free", "GET", "/free/large"],
  ["down, before-response", "GET", "/large"],
  ["down, after-response", "GET", "/late/large"],
  ["down, keepAnswer on", "GET", "/kept/huge"],
  ["down, metered", "GET", "/metered/large"],
  ["up, before-response", "POST", "/count"],
];

const { values } = parseArgs({
  options: { mib: { type: "string", default: "1024" }, only: { type: "string", default: "" } },
});
const bytes = Number(values.mib) * MIB;
const inMib = (count: number) => Math.round(count / MIB);

console.log("| runtime | body | MiB | seconds | MiB before | most | grown by |");
console.log("|---|---|---|---|---|---|---|");
for (const runtime of ["workers", "node"] satisfies Runtime[]) {
  await bundle(runtime, "test/fixtures/tollbooth.config.ts", BUNDLES);
  const world = await startWorld(runtime);
  try {
    for (const [name, method, path] of BODIES) {
      if (!`${runtime} ${name}`.includes(values.only)) continue;
      await transfer(world, method, path, 64 * MIB);
      const seen = await transfer(world, method, path, bytes);
      const grown = inMib(seen.peak - seen.baseline);
      const memory = `${inMib(seen.baseline)} | ${inMib(seen.peak)} | ${grown}`;
      console.log(`| ${runtime} | ${name} | ${inMib(seen.bytes)} | ${seen.seconds.toFixed(1)} | ${memory} |`);
      if (seen.bytes !== bytes) throw new Error(`${inMib(seen.bytes)} MiB arrived`);
      if (grown > BOUND_MIB) process.exitCode = 1;
    }
  } finally {
    await world.close();
  }
}
