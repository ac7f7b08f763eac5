import { defineConfig } from "vitest/config";
import { SlowestFirst } from "./test/fixtures/slowest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/fixtures/bundles.ts"],
    reporters: ["default", "./test/fixtures/count-reporter.ts"],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Every file starts processes of its own; two cores carry two of them.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
  },
});
