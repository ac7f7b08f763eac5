/**
 * The hash that wallets sign for structured data (EIP-712), for the types that payments are made of: numbers, addresses,
 * 32 bytes, texts, and structures of these. A general library for it weighs more than the rest of this room.
 */

import { join } from "../core/bytes.ts";
import { fromHex } from "../core/hash.ts";
import { keccak } from "../core/keccak.ts";

type Field = { name: string; type: string };
/** Structures by name; `message` is one of `primaryType`. Numbers may be decimal text. */
export type TypedData = {
  domain: { name: string; version?: string; chainId: number; verifyingContract: string };
  types: Record<string, Field[]>;
  primaryType: string;
  message: object;
};

const DOMAIN: Field[] = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

/** The 32 bytes that are signed. @throws on values that do not fit their types */
export function hashTypedData({ domain, types, primaryType, message }: TypedData): Uint8Array {
  const fields = DOMAIN.filter(({ name }) => Object.hasOwn(domain, name));
  const separator = hashStruct("EIP712Domain", domain, { EIP712Domain: fields });
  return keccak(join([Uint8Array.of(0x19, 0x01), separator, hashStruct(primaryType, message, types)]));
}

function hashStruct(type: string, value: object, types: TypedData["types"]): Uint8Array {
  const words = (types[type] ?? []).map((field) => wordOf(field.type, Reflect.get(value, field.name), types));
  return keccak(join([keccak(signatureOf(type, types)), ...words]));
}

/** `Name(type field,…)`, followed by those of the structures it holds, by name. */
function signatureOf(type: string, types: TypedData["types"]): string {
  const held = new Set<string>();
  const collect = (name: string) => {
    for (const field of types[name] ?? []) {
      if (!types[field.type] || held.has(field.type)) continue;
      held.add(field.type);
      collect(field.type);
    }
  };
  collect(type);
  return [type, ...[...held].sort()]
    .map((name) => `${name}(${(types[name] ?? []).map((field) => `${field.type} ${field.name}`).join(",")})`)
    .join("");
}

function wordOf(type: string, value: unknown, types: TypedData["types"]): Uint8Array {
  if (types[type]) return hashStruct(type, value as object, types);
  if (type === "string") return keccak(String(value));
  const number = BigInt(value as string | number);
  const digits = number.toString(16).padStart(64, "0");
  if (number < 0n || digits.length > 64) throw new RangeError(`${type} does not hold ${value}`);
  return fromHex(digits);
}
