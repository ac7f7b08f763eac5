/** The `tollbooth` command of this repository: the package's commands and those of the local stack. */
import { createProgram, run } from "../src/cli/program.ts";
import { devCommand } from "./command.ts";
import { payCommand } from "./pay.ts";

await run(createProgram().addCommand(devCommand()).addCommand(payCommand()), process.argv);
