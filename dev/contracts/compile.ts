/**
 * Compiles the development contracts. `artifacts.json` is committed, so that nobody needs the compiler (9 MB, over a
 * second) to start the local chain; run this file after a change of a `.sol` file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import solc from "solc";
import * as z from "zod/mini";

const hex = z.string().check(z.regex(/^([0-9a-f]{2})+$/));
const contract = z.object({
  abi: z.array(z.record(z.string(), z.unknown())),
  evm: z.object({
    bytecode: z.object({ object: hex }),
    deployedBytecode: z.object({ object: hex }),
  }),
});
const output = z.object({
  errors: z.optional(z.array(z.object({ formattedMessage: z.string() }))),
  contracts: z.optional(z.record(z.string(), z.record(z.string(), contract))),
});

/** One compiled contract: creation code (`bytecode`) and the code that ends up on the chain (`deployedBytecode`). */
export interface Artifact {
  abi: Record<string, unknown>[];
  bytecode: string;
  deployedBytecode: string;
}

const CONTRACTS = ["ExactProxy", "Multicall3", "Permit2", "Token", "UptoProxy", "Wallet"];
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url).href);

const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: "paris",
  // The metadata hash covers the source's comments: without it only real changes change the bytecode.
  metadata: { bytecodeHash: "none", appendCBOR: false },
  outputSelection: Object.fromEntries(
    CONTRACTS.map((name) => [
      `${name}.sol`,
      { [name]: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] },
    ]),
  ),
};

/** Compiles every contract of this folder; warnings are errors. */
export function compileContracts(): Record<string, Artifact> {
  const sources = Object.fromEntries(
    CONTRACTS.map((name) => [`${name}.sol`, { content: readFileSync(here(`${name}.sol`), "utf8") }]),
  );
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const compiled = output.parse(JSON.parse(solc.compile(input)));
  if (compiled.errors?.length)
    throw new Error(compiled.errors.map((error) => error.formattedMessage).join("\n"));
  return Object.fromEntries(
    CONTRACTS.map((name) => {
      const found = compiled.contracts?.[`${name}.sol`]?.[name];
      if (!found) throw new Error(`${name}.sol does not define a contract called ${name}.`);
      const { bytecode, deployedBytecode } = found.evm;
      return [
        name,
        {
          abi: found.abi,
          bytecode: `0x${bytecode.object}`,
          deployedBytecode: `0x${deployedBytecode.object}`,
        },
      ];
    }),
  );
}

if (import.meta.main) {
  writeFileSync(here("artifacts.json"), `${JSON.stringify(compileContracts(), null, 2)}\n`);
}
