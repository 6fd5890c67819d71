import { Machine } from "./machine.ts";
import type { End, Model } from "./model.ts";
import type { Operation } from "./operations.ts";

/**
 * A schedule as a short string: a letter for each thread, in the order of the model,
 * and how many steps it does in a row: "a3 b a2".
 */
export function encodeSchedule(threads: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < threads.length;) {
    const thread = threads[i]!;
    const start = i;
    while (threads[i] === thread) i++;
    const letter = String.fromCharCode(97 + thread);
    parts.push(i - start === 1 ? letter : letter + (i - start));
  }
  return parts.join(" ");
}

/** Which thread does each step of an encoded schedule. */
export function decodeSchedule(schedule: string): number[] {
  return schedule.split(" ").filter((part) => part !== "").flatMap((part) => {
    if (!/^[a-z]\d*$/.test(part)) {
      throw new TypeError(`Cannot read schedule "${schedule}": "${part}"`);
    }
    const times = part.length === 1 ? 1 : Number(part.slice(1));
    return Array<number>(times).fill(part.charCodeAt(0) - 97);
  });
}

/** Something that must not be has come to pass; the message shows how. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  /** For {@linkcode replay}. */
  readonly schedule: string;

  constructor(
    reason: string,
    { lines, schedule, cause }: {
      lines: readonly string[];
      schedule: string;
      cause?: unknown;
    },
  ) {
    super(
      `${reason}\n\n${lines.map((line) => `  ${line}\n`).join("")}\n` +
        `to replay: "${schedule}"\n`,
      { cause },
    );
    this.schedule = schedule;
  }
}

/** What a schedule has led to. */
export interface Replayed {
  /** What was done, one step a line. */
  readonly lines: readonly string[];
  readonly end: End;
  /** Whether nobody could have done more. */
  readonly isEnd: boolean;
}

/** Runs one schedule of a model, and throws a ScheduleError if that fails. */
export function replay(model: Model, schedule: string): Replayed {
  const machine = new Machine(model);
  const lines: string[] = [];
  const fail = (reason: string, cause?: unknown) => {
    throw new ScheduleError(reason, { lines, schedule, cause });
  };
  const nameOf = (thread: number) => `"${model.threads[thread]!.name}"`;
  const printer = new Printer(model);
  for (const thread of decodeSchedule(schedule)) {
    if (model.threads[thread] === undefined) {
      throw new RangeError(
        `Cannot replay "${schedule}": there is no thread ${thread}`,
      );
    }
    if (!machine.isEnabled(thread)) {
      fail(`Cannot replay: ${nameOf(thread)} cannot move after these steps`);
    }
    const operation = machine.nextOf(thread)!;
    try {
      const { result } = machine.step(thread);
      lines.push(printer.line(thread, operation, result));
      model.always?.(machine.world);
    } catch (error) {
      lines.push(printer.line(thread, operation, null));
      fail(`After a step of ${nameOf(thread)}: ${messageOf(error)}`, error);
    }
    const failure = machine.failure;
    if (failure !== null) {
      const { error } = failure;
      fail(`${nameOf(failure.thread)} failed: ${messageOf(error)}`, error);
    }
  }
  const { race } = machine;
  if (race !== null) {
    const [a, b] = race.threads.map((i) =>
      `${nameOf(i)} (${machine.nextOf(i)!.name})`
    );
    fail(`Data race: ${a} and ${b} touch ${printer.place(race.at)} at once`);
  }
  const isEnd = model.threads.every((_, i) => !machine.isEnabled(i));
  if (isEnd && machine.waiting.length > 0) {
    const waiting = machine.waiting.map((i) => {
      const { name, at } = machine.nextOf(i)!;
      return `${nameOf(i)} (before ${name} ${printer.place(at)})`;
    });
    fail(`Deadlock: ${waiting.join(" and ")} wait for ever`);
  }
  const { end } = machine;
  if (isEnd) {
    try {
      model.check?.(end);
    } catch (error) {
      fail(`At the end: ${messageOf(error)}`, error);
    }
  }
  return { lines, end, isEnd };
}

/** What to tell of something thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes steps down for people. */
class Printer {
  readonly #threads: readonly string[];
  readonly #names = new Map<number, string>();

  constructor({ threads, names = {} }: Model) {
    const width = Math.max(...threads.map(({ name }) => name.length));
    this.#threads = threads.map(({ name }) => name.padEnd(width));
    for (const [name, at] of Object.entries(names)) this.#names.set(at, name);
  }

  place(at: number): string {
    return at < 0 ? "" : this.#names.get(at) ?? `[${at}]`;
  }

  line(thread: number, operation: Operation, result: number | null): string {
    const { name, at, detail } = operation;
    const words = [this.#threads[thread]!, name, this.place(at), detail];
    // What a store returns says nothing.
    if (result !== null && name !== "store" && name !== "write") {
      words.push(`= ${result}`);
    }
    if (result === null) words.push("failed");
    return words.filter((word) => word !== "").join("  ");
  }
}
