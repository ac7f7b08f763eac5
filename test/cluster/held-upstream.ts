/** An upstream whose answers a test changes and holds back: each is what the test says when it is asked for. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type OpenServer, open } from "../../dev/http.ts";

/** An answer to one request; `until`: not before that. */
export type Said = {
  status?: number;
  headers: Record<string, string>;
  body: string;
  until?: Promise<unknown>;
};

export type HeldUpstream = OpenServer & {
  /** How often each path was asked for. */
  asked: (path: string) => number;
  /** What a path answers, from the moment when it is asked. */
  says: Map<string, (nth: number, headers: IncomingHttpHeaders) => Said>;
};

export async function startHeldUpstream(): Promise<HeldUpstream> {
  const says: HeldUpstream["says"] = new Map();
  const counts = new Map<string, number>();
  const server = createServer(async ({ url = "", headers }, response) => {
    const nth = (counts.get(url) ?? 0) + 1;
    counts.set(url, nth);
    const said = says.get(url)?.(nth, headers) ?? { status: 404, headers: {}, body: "nothing" };
    await said.until;
    response.writeHead(said.status ?? 200, said.headers).end(said.body);
  });
  // A pooled connection must outlive a pause of its client, or the next request on it is lost.
  server.keepAliveTimeout = 60_000;
  return { ...(await open(server, 0, "upstream")), asked: (path) => counts.get(path) ?? 0, says };
}
