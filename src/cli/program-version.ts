/** Which version of the package this is. */
import { createRequire } from "node:module";

/** `"1.2.3"`. A package can ask for itself by its name, from wherever in it. */
export function packageVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)("tollbooth-edge/package.json");
  return version;
}
