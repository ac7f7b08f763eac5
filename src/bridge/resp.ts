import type { Duplex } from "node:stream";
import { type Link, openLink } from "./link.ts";
import type { Reply } from "./reply.ts";

/** One Redis command: its name, then its arguments. */
export type Command = readonly string[];

/** Where the bridge finds its Redis. `connectTo` makes one from a URL, `connectThroughSentinel` from Sentinels. */
export interface Backend {
  /** Opens a new stream that speaks RESP2, or finds out first where to; called again whenever the last one died. */
  connect: () => Duplex | Promise<Duplex>;
  /** Commands (AUTH, SELECT) that must succeed on every new stream before anything else is sent. */
  greeting?: readonly Command[];
  /** Looks at the replies to the greeting; the `Error` says why this is not the Redis to talk to. */
  judge?: (replies: readonly Reply[]) => Error | undefined;
}

/** The bridge's only conversation with Redis: one stream, all pipelined, replies in order. */
export interface RespClient {
  /**
   * Sends the commands in one write, so that nothing can come between them, and answers one reply each (an error
   * reply is an `Error` in its slot). Rejects when the stream dies or stays silent: the outcome is then unknown,
   * so nothing is ever sent twice.
   */
  send(commands: readonly Command[]): Promise<Reply[]>;
  close(): void;
}

/** A client that connects on the first command and again after every lost stream; the timeout is in milliseconds. */
export function createRespClient(backend: Backend, replyTimeoutMs: number): RespClient {
  let link: Link | undefined;
  let closed = false;
  const lose = (lost: Link) => {
    if (link === lost) link = undefined;
  };
  const send = (commands: readonly Command[]) =>
    new Promise<Reply[]>((resolve, reject) => {
      if (closed) throw new Error("the bridge is closed");
      if (commands.length === 0) return resolve([]);
      link ??= openLink(backend, replyTimeoutMs, lose);
      const current = link;
      const late = () => current.die(new Error(`Redis did not answer within ${replyTimeoutMs} ms`));
      const timer = setTimeout(late, replyTimeoutMs);
      current.write(commands, { replies: [], missing: commands.length, resolve, reject, timer });
    });
  const close = () => {
    closed = true;
    link?.die(new Error("the bridge was closed"));
  };
  return { send, close };
}
