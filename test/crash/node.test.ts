import { describeCrashes } from "./matrix.ts";

describeCrashes("node");
