/** How many characters of a value a message has room for. */
const MAX_LENGTH = 80;

/**
 * A value as the messages of errors show it: in one short line, and without ever
 * throwing. It may be anything that somebody passed: an object whose getters throw,
 * one without a prototype that no template literal takes, a megabyte of text.
 *
 * @param quotes Whether strings stand in quotes.
 */
export function describe(value: unknown, quotes: boolean = true): string {
  switch (typeof value) {
    case "string": {
      const text = shortened(value);
      return quotes ? JSON.stringify(text) : text;
    }
    case "bigint":
      // Writing a large one out takes time that grows with its square.
      return BigInt.asIntN(64, value) === value
        ? String(value)
        : "a bigint of more than 64 bits";
    case "object":
      return value === null ? "null" : `an object${ofClass(value)}`;
    case "function":
      return "a function";
    default:
      return shortened(String(value));
  }
}

/** The name of a function as messages show it, which may be any value. */
export function nameOf(fn: { readonly name: unknown }): string {
  try {
    return describe(fn.name, false);
  } catch {
    return "";
  }
}

function shortened(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}

function ofClass(value: object): string {
  try {
    const name: unknown = value.constructor?.name ?? "null";
    return typeof name === "string" ? ` of class ${shortened(name)}` : "";
  } catch {
    return "";
  }
}
