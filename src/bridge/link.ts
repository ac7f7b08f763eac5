import type { Duplex } from "node:stream";
import { type Reply, readReplies } from "./reply.ts";
import type { Backend, Command } from "./resp.ts";

/** Commands that were sent in one write and wait for their replies. */
export interface Block {
  replies: Reply[];
  missing: number;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** One stream to Redis, from its opening to its death; it is never opened again. */
export interface Link {
  write(commands: readonly Command[], block: Block): void;
  /** Takes no more commands, and dies once the replies it owes are there. */
  retire(): void;
  die(error: Error): void;
}

/** Opens a stream and greets; what is written meanwhile is held. `onGone` is told as soon as the link is of no use. */
export function openLink(backend: Backend, replyTimeoutMs: number, onGone: (link: Link) => void): Link {
  const waiting: Block[] = [];
  const held: { commands: readonly Command[]; block: Block }[] = [];
  let stream: Duplex | undefined;
  let ready = false;
  let retired = false;
  let dead = false;

  const link: Link = {
    write(commands, block) {
      if (!ready || stream === undefined) {
        held.push({ commands, block });
        return;
      }
      waiting.push(block);
      stream.write(encode(commands));
    },
    retire() {
      retired = true;
      onGone(link);
    },
    die(error) {
      if (dead) return;
      dead = true;
      onGone(link);
      stream?.destroy();
      for (const block of [...waiting.splice(0), ...held.splice(0).map((item) => item.block)]) {
        clearTimeout(block.timer);
        block.reject(error);
      }
    },
  };
  const accept = () => {
    ready = true;
    for (const item of held.splice(0)) link.write(item.commands, item.block);
  };
  const take = (reply: Reply) => {
    settle(waiting, reply, link);
    if (retired && waiting.length === 0) link.die(new Error("Redis has become a replica"));
  };
  const greet = (opened: Duplex) => {
    // Whoever waited for it may have given up while its address was looked for.
    if (dead) return void opened.destroy();
    stream = opened;
    readReplies(opened, take, link.die);
    const { greeting = [] } = backend;
    if (greeting.length === 0) return accept();
    waiting.push(greetingBlock(backend, replyTimeoutMs, accept, link.die));
    opened.write(encode(greeting));
  };
  const opening = backend.connect();
  if (opening instanceof Promise) opening.then(greet, link.die);
  else greet(opening);
  return link;
}

// Commands wait for the greeting: sent right behind a refused SELECT they would run in the wrong database.
function greetingBlock(
  { greeting = [], judge }: Backend,
  timeoutMs: number,
  accept: () => void,
  refuse: (error: Error) => void,
): Block {
  const resolve = (replies: Reply[]) => {
    const refused = replies.find((reply) => reply instanceof Error) ?? judge?.(replies);
    if (refused instanceof Error) refuse(refused);
    else accept();
  };
  const timer = setTimeout(() => refuse(new Error("Redis did not answer AUTH or SELECT")), timeoutMs);
  return { replies: [], missing: greeting.length, resolve, reject: () => {}, timer };
}

function settle(waiting: Block[], reply: Reply, link: Link): void {
  const block = waiting[0];
  if (block === undefined) {
    link.die(new Error("Redis sent a reply nobody asked for"));
    return;
  }
  // A master that became a replica refuses writes for as long as the stream lives: the next request needs a new one.
  if (isReadOnly(reply)) link.retire();
  block.replies.push(reply);
  block.missing -= 1;
  if (block.missing > 0) return;
  waiting.shift();
  clearTimeout(block.timer);
  block.resolve(block.replies);
}

function isReadOnly(reply: Reply): boolean {
  return reply instanceof Error && /^READONLY\b/.test(reply.message);
}

function encode(commands: readonly Command[]): string {
  let text = "";
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const part of command) text += `$${Buffer.byteLength(part)}\r\n${part}\r\n`;
  }
  return text;
}
