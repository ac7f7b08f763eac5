#!/usr/bin/env node
/** The `tollbooth` command of the package. */
import { createProgram, run } from "./program.ts";

await run(createProgram(), process.argv);
