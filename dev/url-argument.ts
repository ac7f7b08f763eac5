/** A URL on the command line. */
import { InvalidArgumentError } from "commander";

/** The URL as it was written. @throws InvalidArgumentError for anything but http and https */
export function parseUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError("It must start with http:// or https://.");
  return text;
}
