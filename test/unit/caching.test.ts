import { describe, expect, it } from "vitest";
import { judge } from "../../src/caching/rules.ts";
import { wishesOf } from "../../src/caching/wishes.ts";
import type { Entry } from "../../src/core/kept.ts";

const fresh: Entry = {
  status: 200,
  headers: [],
  encoding: "text",
  size: 0,
  lifetime: { age: 0, fresh: 60, whileRevalidate: 0, ifError: 0, strict: false },
  shared: false,
};

describe("a client that wants an answer to be asked for anew", () => {
  it.each(["no-cache", "max-age=0", "max-age=0, max-stale"])(
    "does not get one that was kept this very second: %s",
    (field) => {
      const wishes = wishesOf(new Headers({ "cache-control": field }));
      expect(judge({ entry: fresh, ageMs: 0 }, wishes).kind).toBe("expired");
    },
  );
});
