/** The guarantees of the gateway, run the same in every runtime it is shipped for. */
import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import type { Runtime } from "../../dev/bundle.ts";
import { startWorld, type World } from "../fixtures/world.ts";
import { arrivalTests } from "./arrivals.ts";
import { cachingTests } from "./caching.ts";
import { clientTests } from "./clients.ts";
import { coldStartTests } from "./cold-start.ts";
import { corsTests } from "./cors.ts";
import { creditTests } from "./credits.ts";
import { discoveryTests } from "./discovery.ts";
import { duplicateTests } from "./duplicates.ts";
import { faultTests } from "./faults.ts";
import { forgeryTests } from "./forgeries.ts";
import { headerTests } from "./headers.ts";
import { healthTests } from "./health.ts";
import { hookTests } from "./hooks.ts";
import { leavingTests } from "./leaving.ts";
import { ledgerTests } from "./ledger.ts";
import { limitTests } from "./limits.ts";
import { meteredTests } from "./metered.ts";
import { meteringTests } from "./metering.ts";
import { observingTests } from "./observing.ts";
import { oneRequestTests } from "./one-request.ts";
import { paidCallTests } from "./paid-call.ts";
import { paywallTests } from "./paywall.ts";
import { pricingTests } from "./pricing.ts";
import { rangeTests } from "./ranges.ts";
import { recordTests } from "./records.ts";
import { sessionTests } from "./sessions.ts";
import { socketTests } from "./sockets.ts";
import { streamTests } from "./streams.ts";
import { upstreamTests } from "./upstreams.ts";
import { wayTests } from "./ways.ts";

const SUITES = {
  paidCallTests,
  forgeryTests,
  pricingTests,
  meteredTests,
  duplicateTests,
  limitTests,
  clientTests,
  sessionTests,
  creditTests,
  recordTests,
  meteringTests,
  hookTests,
  oneRequestTests,
  ledgerTests,
  headerTests,
  cachingTests,
  arrivalTests,
  corsTests,
  paywallTests,
  streamTests,
  leavingTests,
  rangeTests,
  socketTests,
  faultTests,
  upstreamTests,
  healthTests,
  coldStartTests,
  discoveryTests,
  wayTests,
  // Last: it looks through all that the others have made the gateway say.
  observingTests,
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
  beforeEach(() => started?.begin());
  for (const [name, tests] of Object.entries(SUITES))
    describe(name.replace("Tests", ""), () => tests(world, runtime));
}
