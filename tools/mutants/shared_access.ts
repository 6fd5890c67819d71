import ts from "./typescript.ts";

/** The operations of `Atomics`. */
const OPERATIONS = new Set([
  "load",
  "store",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "exchange",
  "compareExchange",
  "notify",
  "wait",
  "waitAsync",
]);

/** A call of an operation of `Atomics`, under whatever name. */
export interface AtomicCall {
  readonly node: ts.CallExpression;
  readonly operation: string;
  /** What it is called on: `Atomics`, `this.#atomics`. */
  readonly object: string;
  readonly args: readonly string[];
}

/** The atomic operation that a node is; null: it is none. */
export function atomicCall(node: ts.Node): AtomicCall | null {
  if (!ts.isCallExpression(node)) return null;
  const callee = node.expression;
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const operation = callee.name.text;
  const object = callee.expression.getText();
  if (!OPERATIONS.has(operation) || !/atomics$/i.test(object)) return null;
  const args = node.arguments.map((arg) => arg.getText());
  return { node, operation, object, args };
}

/** Whether a node is an ordinary access to shared words. */
export function isPlainAccess(node: ts.Node): boolean {
  return ts.isElementAccessExpression(node) &&
    /(^|#)words$/.test(node.expression.getText());
}

/**
 * Which members of classes touch shared memory, by name: themselves, or through
 * others that do. Names count for all modules: `park` is one everywhere.
 */
export class SharedMembers {
  readonly #names = new Set<string>();

  constructor(files: readonly ts.SourceFile[]) {
    const members = files.flatMap((file) => membersOf(file));
    for (let size = -1; size !== this.#names.size;) {
      size = this.#names.size;
      for (const { name, body } of members) {
        if (this.touches(body)) this.#names.add(name);
      }
    }
  }

  /** Whether what a node does touches shared memory. */
  touches(node: ts.Node): boolean {
    if (atomicCall(node) !== null || isPlainAccess(node)) return true;
    if (
      ts.isPropertyAccessExpression(node) && this.#names.has(node.name.text) &&
      !isLocalArray(node.expression)
    ) return true;
    return ts.forEachChild(node, (child) => this.touches(child) || undefined) ??
      false;
  }
}

/** What threads keep for themselves has methods of the same names. */
function isLocalArray(node: ts.Expression): boolean {
  return /(^|#)(free|kept|blocks|unannounced)$/.test(node.getText());
}

function membersOf(file: ts.SourceFile): { name: string; body: ts.Node }[] {
  const members: { name: string; body: ts.Node }[] = [];
  const visit = (node: ts.Node) => {
    if (
      (ts.isMethodDeclaration(node) || ts.isGetAccessor(node) ||
        ts.isFunctionDeclaration(node)) && node.body && node.name
    ) members.push({ name: node.name.getText(), body: node.body });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return members;
}
