/** What operators may ask of the gateway itself; who has not the token learns nothing, not even what there is. */
import * as z from "zod/mini";
import { hasBearer } from "./core/bearer.ts";
import { openBody, shortBody } from "./core/body.ts";
import { GatewayError } from "./core/errors.ts";

/** Where kept answers are forgotten: `POST`, with `Authorization: Bearer` and the token of `gateway.admin`. */
export const PURGE_PATH = "/__tollbooth/cache/purge";

/** The operators' page, and the forms on it. */
export const DASHBOARD_PATHS = ["/__tollbooth", "/__tollbooth/login", "/__tollbooth/logout"];

const MOST_BYTES = 65_536;

const names = z.optional(
  z.array(z.string().check(z.minLength(1), z.maxLength(8192))).check(z.maxLength(100)),
);

const Wish = z.strictObject({ all: z.optional(z.boolean()), routes: names, urls: names, tags: names });

/** What is to be forgotten, as an operator says it. */
export type Wish = z.infer<typeof Wish>;

/**
 * The wish of an operator's request.
 * @throws GatewayError `admin_unauthorized`, `method_not_allowed`, `purge_invalid`, `body_*`
 */
export async function readWish(request: Request, token: string): Promise<Wish> {
  if (!(await hasBearer(request, token))) {
    throw new GatewayError("admin_unauthorized", { headers: { "www-authenticate": "Bearer" } });
  }
  if (request.method !== "POST") throw new GatewayError("method_not_allowed", { headers: { allow: "POST" } });
  const bytes = await openBody(request, shortBody(MOST_BYTES)).bytes();
  const wish = Wish.safeParse(parse(bytes));
  if (wish.success) return wish.data;
  throw new GatewayError("purge_invalid", {
    detail: wish.error.issues[0]?.message ?? "It is not understood.",
  });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
