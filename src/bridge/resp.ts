import type { Duplex } from "node:stream";
import { type Reply, readReplies } from "./reply.ts";

/** One Redis command: its name, then its arguments. */
export type Command = readonly string[];

/** Where the bridge finds its Redis. `connectTo` makes one from a URL. */
export interface Backend {
  /** Opens a new stream that speaks RESP2; called again whenever the last one died. */
  connect: () => Duplex;
  /** Commands (AUTH, SELECT) that must succeed on every new stream before anything else is sent. */
  greeting?: readonly Command[];
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

interface Block {
  replies: Reply[];
  missing: number;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

interface Link {
  write(text: string, block: Block): void;
  die(error: Error): void;
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
      current.write(encode(commands), { replies: [], missing: commands.length, resolve, reject, timer });
    });
  const close = () => {
    closed = true;
    link?.die(new Error("the bridge was closed"));
  };
  return { send, close };
}

function openLink(backend: Backend, replyTimeoutMs: number, onDeath: (link: Link) => void): Link {
  const stream = backend.connect();
  const waiting: Block[] = [];
  const held: { text: string; block: Block }[] = [];
  const greeting = backend.greeting ?? [];
  let ready = greeting.length === 0;
  let dead = false;

  const link: Link = {
    write(text, block) {
      if (!ready) {
        held.push({ text, block });
        return;
      }
      waiting.push(block);
      stream.write(text);
    },
    die(error) {
      if (dead) return;
      dead = true;
      onDeath(link);
      stream.destroy();
      for (const block of [...waiting.splice(0), ...held.splice(0).map((item) => item.block)]) {
        clearTimeout(block.timer);
        block.reject(error);
      }
    },
  };
  readReplies(stream, (reply) => settle(waiting, reply, link), link.die);
  if (ready) return link;
  const accept = () => {
    ready = true;
    for (const item of held.splice(0)) link.write(item.text, item.block);
  };
  waiting.push(greetingBlock(greeting.length, replyTimeoutMs, accept, link.die));
  stream.write(encode(greeting));
  return link;
}

// Commands wait for the greeting: sent right behind a refused SELECT they would run in the wrong database.
function greetingBlock(
  length: number,
  timeoutMs: number,
  accept: () => void,
  refuse: (error: Error) => void,
): Block {
  const resolve = (replies: Reply[]) => {
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused instanceof Error) refuse(refused);
    else accept();
  };
  const timer = setTimeout(() => refuse(new Error("Redis did not answer AUTH or SELECT")), timeoutMs);
  return { replies: [], missing: length, resolve, reject: () => {}, timer };
}

function settle(waiting: Block[], reply: Reply, link: Link): void {
  const block = waiting[0];
  if (block === undefined) {
    link.die(new Error("Redis sent a reply nobody asked for"));
    return;
  }
  block.replies.push(reply);
  block.missing -= 1;
  if (block.missing > 0) return;
  waiting.shift();
  clearTimeout(block.timer);
  block.resolve(block.replies);
}

function encode(commands: readonly Command[]): string {
  let text = "";
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const part of command) text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
  }
  return text;
}
