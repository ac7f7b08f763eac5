/** Asks what the options have not said: on a terminal, and never without one. */
import { CommandError, UsageError } from "../config-file.ts";
import { type Answers, PLATFORMS, QUESTIONS, type Question } from "./answers.ts";

/** Who is asked; tests stand in for it. */
export type Asker = (question: Question, given: Partial<Answers>) => Promise<string>;

/**
 * Every answer: as an option says, else what is taken unless told (`yes`), else as the terminal says.
 * @throws UsageError for an answer that is wrong or missing
 */
export async function complete(
  wanted: readonly (keyof Answers)[],
  options: Partial<Answers>,
  { yes, ask }: { yes: boolean; ask: Asker | undefined },
): Promise<Answers> {
  const given: Partial<Answers> = {};
  const missing: Question[] = [];
  for (const question of QUESTIONS.filter(({ name }) => wanted.includes(name))) {
    const { name, flag } = question;
    const said = options[name] ?? (yes ? question.initial(given) : undefined);
    const text = said ?? (ask && !yes ? await ask(question, given) : undefined);
    if (text === undefined) {
      missing.push(question);
      continue;
    }
    const problem = question.problem(text, given);
    if (problem !== undefined) throw new UsageError(`${flag} ${JSON.stringify(text)}: ${problem}`);
    Object.assign(given, { [name]: text });
  }
  if (missing.length > 0) throw new UsageError(refusal(missing, yes));
  return given as Answers;
}

function refusal(missing: Question[], yes: boolean): string {
  const flags = missing.map(({ flag, message }) => `  ${flag} …  ${message}`);
  const why = yes
    ? "Nothing was written: --yes asks nothing, and only you know this. Add"
    : "Nothing was written: there is no terminal to ask on. Use --yes to take what is usual, and add";
  return [why, ...flags].join("\n");
}

/** Asks on the terminal. */
export async function askOnTerminal(question: Question, given: Partial<Answers>): Promise<string> {
  const { isCancel, select, text } = await import("@clack/prompts");
  const { name, message } = question;
  const initial = question.initial(given);
  const answer =
    name === "platform"
      ? await select<string>({ message, options: PLATFORMS.map((value) => ({ value })) })
      : await text({
          message,
          ...(initial === undefined ? {} : { placeholder: initial, defaultValue: initial }),
          validate: (value) => question.problem(value || (initial ?? ""), given),
        });
  if (isCancel(answer)) throw new CommandError("Nothing was written.");
  return answer;
}
