/** The shape of a route's `metadata`: what is told of it to whoever looks for something to buy. */
import * as z from "zod/mini";

const json = z.record(z.string(), z.unknown());
/** What catalogues show: printable ASCII, at most 32 characters. */
const label = z.string().check(z.regex(/^[\x20-\x7e]{1,32}$/, "expected 1 to 32 printable ASCII characters"));

/** `routes.*.metadata`. */
export const MetadataSchema = z.strictObject({
  /** One line. */
  summary: z.optional(z.string().check(z.maxLength(120))),
  /** What the call does. The 402 shows the first 300 characters. */
  description: z.optional(z.string().check(z.maxLength(2000))),
  /** Of the answer: `"application/json"`. */
  mimeType: z.optional(z.string().check(z.regex(/^[\w.+-]+\/[\w.+-]+$/, 'expected "application/json"'))),
  /** Of the service, as catalogues show it. */
  serviceName: z.optional(label),
  iconUrl: z.optional(z.string()),
  tags: z.optional(z.array(label).check(z.maxLength(5))),
  /** An example of the query, or of the body for `POST`, `PUT` and `PATCH`. */
  input: z.optional(json),
  /** JSON Schema of the same. */
  inputSchema: z.optional(json),
  /** JSON Schema of the path parameters. */
  pathParamsSchema: z.optional(json),
  /** Default `json`. */
  bodyType: z.optional(z.enum(["json", "form-data", "text"])),
  /** An example of the answer, and its JSON Schema. */
  output: z.optional(z.strictObject({ example: z.optional(z.unknown()), schema: z.optional(json) })),
  /** Sold, but shown nowhere: not in `/.well-known/*`, not in `/llms.txt`, and without metadata in its 402. */
  hidden: z.optional(z.boolean()),
});
