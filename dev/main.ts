#!/usr/bin/env node
/** The `tollbooth` command: the commands of `src`, and those of the local stack. */
import { createProgram, run } from "../src/cli/program.ts";
import { devCommand } from "./command.ts";
import { payCommand } from "./pay-command.ts";

await run(createProgram().addCommand(devCommand()).addCommand(payCommand()), process.argv);
