/**
 * Just enough of a command line for the examples: a command, and flags with a
 * value. For a program of your own take `parseArgs` of `@std/cli`; the examples
 * run on nothing but Deno.
 *
 * @module
 */

/** What the user typed is wrong: one line on stderr, exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The flags by name, as they were typed or by default. */
export type Flags = Record<string, string>;

/** What a flag is that has no value, and is there. */
export const ON = "on";

/** What a command line says. */
export interface CommandLine {
  readonly command: string;
  readonly flags: Flags;
}

/**
 * Reads `[COMMAND] [--flag value | --flag=value | --switch]…`.
 *
 * @param defaults The flags that exist, with what they are by default.
 * @param options.defaultCommand What is meant where no command is given: the first,
 * unless said otherwise. With null there has to be one.
 * @param options.switches Flags without a value: they are `ON` or, if they are not
 * there, "".
 * @throws {UsageError} On anything else.
 */
export function parseCommandLine(
  args: readonly string[],
  commands: readonly [string, ...string[]],
  defaults: Flags,
  options: { defaultCommand?: string | null; switches?: string[] } = {},
): CommandLine {
  const { defaultCommand = commands[0], switches = [] } = options;
  let command: string | null = null;
  const flags = { ...defaults };
  for (const name of switches) flags[name] = "";
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("-")) {
      if (command !== null || !commands.includes(arg)) {
        throw new UsageError(
          `unknown command "${arg}": expected ${commands.join(", ")}`,
        );
      }
      command = arg;
      continue;
    }
    const [flag, inline] = split(arg);
    const name = flag.slice(2);
    if (!flag.startsWith("--") || !Object.hasOwn(flags, name)) {
      const known = Object.keys(flags).map((flag) => `--${flag}`);
      throw new UsageError(
        `unknown flag "${flag}": expected ${known.join(", ")}`,
      );
    }
    if (switches.includes(name)) {
      if (inline !== undefined) {
        throw new UsageError(`--${name} takes no value`);
      }
      flags[name] = ON;
      continue;
    }
    const value = inline ?? args[++i] ?? "";
    if (value === "" || (inline === undefined && value.startsWith("--"))) {
      throw new UsageError(`--${name} needs a value`);
    }
    flags[name] = value;
  }
  command ??= defaultCommand;
  if (command === null) {
    throw new UsageError(`no command: expected ${commands.join(", ")}`);
  }
  return { command, flags };
}

function split(flag: string): [string, string | undefined] {
  const at = flag.indexOf("=");
  return at < 0 ? [flag, undefined] : [flag.slice(0, at), flag.slice(at + 1)];
}

/**
 * The value of a flag as a number.
 *
 * @throws {UsageError} If it is none, or out of range, or has to be whole and is
 * not.
 */
export function numberFlag(
  flags: Flags,
  name: string,
  range: { min: number; max: number; whole?: boolean },
): number {
  const text = flags[name] ?? "";
  const value = text.trim() === "" ? NaN : Number(text);
  const fits = value >= range.min && value <= range.max &&
    (!range.whole || Number.isInteger(value));
  if (!fits) {
    throw new UsageError(
      `--${name} is "${text}": expected a ${range.whole ? "whole " : ""}` +
        `number from ${range.min} to ${range.max}`,
    );
  }
  return value;
}

/**
 * Runs a program and turns what it throws into one line on stderr: exit code 2
 * for what the user typed, 1 for everything that is expected to go wrong, such as
 * a port in use. A programming error keeps its stack.
 */
export function exitWith(
  program: () => void | Promise<void>,
  usage: string,
): void {
  if (Deno.args.includes("--help")) {
    console.log(usage);
    return;
  }
  try {
    const end = program();
    if (end instanceof Promise) end.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  if (error instanceof UsageError) {
    console.error(`${error.message} (--help tells more)`);
    Deno.exit(2);
  }
  if (isExpected(error)) {
    console.error(error.message);
    Deno.exit(1);
  }
  throw error;
}

/** Errors of the system for which Deno has no class name their system call. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error ||
    Object.values(Deno.errors).some((kind) => error instanceof kind);
}
