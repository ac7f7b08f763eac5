import { describeCrashes } from "./matrix.ts";

describeCrashes("workers");
