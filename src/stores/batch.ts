/** Questions that leave together, one `/pipeline` request per connection. */
import type { Batch, Question, RunScripts } from "../core/stores.ts";

type Waiting = {
  question: Question<unknown>;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
};

/** An empty batch; good for one `send`. */
export function openBatch(): Batch {
  const queues = new Map<RunScripts, Waiting[]>();
  return {
    add<T>(question: Question<T>) {
      const answer = new Promise<unknown>((resolve, reject) => {
        const queue = queues.get(question.run) ?? [];
        queues.set(question.run, [...queue, { question, resolve, reject }]);
      });
      // Whoever asked may have been told enough by another answer.
      answer.catch(() => undefined);
      return answer as Promise<T>;
    },
    send() {
      for (const [run, queue] of queues) void sendOne(run, queue);
    },
  };
}

async function sendOne(run: RunScripts, queue: Waiting[]): Promise<void> {
  try {
    const replies = await run(queue.flatMap(({ question }) => question.calls));
    for (const { question, resolve, reject } of queue) {
      const own = replies.splice(0, question.calls.length);
      // One reply that cannot be read is that question's misfortune.
      new Promise((read) => read(question.read(own))).then(resolve, reject);
    }
  } catch (error) {
    for (const { reject } of queue) reject(error);
  }
}

/**
 * The same connection, but what is asked of it at one time, and until whoever waits has gone on, is one request. For the
 * length of one errand only: in workerd what one request waits for cannot be brought to it by another.
 */
export function together(run: RunScripts): RunScripts {
  let batch: Batch | undefined;
  return (calls) => {
    if (!batch) {
      const next = openBatch();
      batch = next;
      setTimeout(() => {
        batch = undefined;
        next.send();
      }, 0);
    }
    return batch.add({ run, calls, read: (replies) => replies });
  };
}

/** Asks one question by itself. @throws GatewayError `store_unavailable` */
export function ask<T>(question: Question<T>): Promise<T> {
  const batch = openBatch();
  const answer = batch.add(question);
  batch.send();
  return answer;
}
