/** The shape of `upstreams.*.openapi`. What is in it is foreign, and looked at in `openapi.ts`. */
import * as z from "zod/mini";

/** Fields of an upstream. */
export const OpenApiSchema = {
  /** The upstream's description: an imported object, the URL that it is fetched from, or a file (`tollbooth specs`). */
  openapi: z.optional(
    z.union(
      [
        z.string(),
        // As it is: a schema that walks through it would copy it.
        z.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
      ],
      { error: "expected an object, a URL or a file" },
    ),
  ),
  /** Price of the operations in it that have no route of their own. Default `defaults.price`. */
  defaultPrice: z.optional(z.string()),
};
