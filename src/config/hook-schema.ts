/** The shape of `hooks`. */
import * as z from "zod/mini";
import type { HookName, Hooks } from "../core/hooks.ts";
import { DurationSchema } from "./limit-schema.ts";

const hook = <Name extends HookName>(_name: Name) =>
  z.optional(
    z.custom<NonNullable<Hooks[Name]>>((value) => typeof value === "function", {
      error: "expected a function; import it, a path to its file is not enough",
    }),
  );

/** Global, and for one route, whose hook takes the place of the global one of its name. */
export const HooksSchema = z.strictObject({
  /** Before anything else: may reject. */
  onRequest: hook("onRequest"),
  /** The price is known: may reject. */
  onPriceResolved: hook("onPriceResolved"),
  /** The money has moved: may owe it back. */
  onSettled: hook("onSettled"),
  /** The upstream has answered: may reject, not charge, owe it back, or answer itself. */
  onResponse: hook("onResponse"),
  /** An admitted call has failed: may owe it back. */
  onError: hook("onError"),
  /** The longest that each may take, at most `"1m"`. Default `"5s"`. */
  timeout: z.optional(DurationSchema),
});
