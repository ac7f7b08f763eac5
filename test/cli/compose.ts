/** Reads what the tests need of compose.yaml: it is ours, so its style is known. */
import { readFileSync } from "node:fs";

/** The whole file. */
export const compose = readFileSync("compose.yaml", "utf8");

/** The text of a service. */
export function service(name: string): string {
  return new RegExp(`^  ${name}:\\n((?: {3,}.*\\n|\\n|  #.*\\n)+)`, "m").exec(compose)?.[1] ?? "";
}

/** A list of a service that is written in one line. */
export function listOf(name: string, key: string): string[] {
  return JSON.parse(new RegExp(`^ +${key}: (\\[.*\\])$`, "m").exec(service(name))?.[1] ?? "[]");
}
