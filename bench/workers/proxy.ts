/** The floor: a Hono worker that passes requests on and nothing else, and a 402 that was written in advance. */
import { Hono } from "hono";

type Vars = { UPSTREAM_URL: string };

/** As large as the header of a real one. */
const REQUIREMENTS = "e30=".repeat(150);

const app = new Hono<{ Bindings: Vars }>();

app.get("/static-402", (c) => c.json({ error: "pay" }, 402, { "payment-required": REQUIREMENTS }));

app.all("*", (c) => {
  const { pathname, search } = new URL(c.req.url);
  return fetch(c.env.UPSTREAM_URL + pathname + search, c.req.raw);
});

export default app;
