/** The guarantees of the gateway, run the same in every runtime it is shipped for. */
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { startWorld, type World } from "../fixtures/world.ts";
import { coldStartTests } from "./cold-start.ts";
import { duplicateTests } from "./duplicates.ts";
import { faultTests } from "./faults.ts";
import { forgeryTests } from "./forgeries.ts";
import { headerTests } from "./headers.ts";
import { hookTests } from "./hooks.ts";
import { limitTests } from "./limits.ts";
import { oneRequestTests } from "./one-request.ts";
import { paidCallTests } from "./paid-call.ts";
import { recordTests } from "./records.ts";
import { sessionTests } from "./sessions.ts";
import { streamTests } from "./streams.ts";

const SUITES = {
  paidCallTests,
  forgeryTests,
  duplicateTests,
  limitTests,
  sessionTests,
  recordTests,
  hookTests,
  oneRequestTests,
  headerTests,
  streamTests,
  faultTests,
  coldStartTests,
};

export function describeGateway(runtime: Runtime): void {
  let started: World | undefined;
  const world = () => {
    if (!started) throw new Error("the world has not started");
    return started;
  };
  beforeAll(async () => {
    started = await startWorld(runtime);
  });
  afterAll(() => started?.close());
  beforeEach(() => started?.reset());
  for (const [name, tests] of Object.entries(SUITES)) describe(name.replace("Tests", ""), () => tests(world));
}
