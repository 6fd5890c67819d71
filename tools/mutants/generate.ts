import ts from "./typescript.ts";
import { applied, type Edit, type Mutant, onOneLine } from "./mutant.ts";
import { OPERATORS, type SwapMethod } from "./operators.ts";
import { atomicCall, SharedMembers } from "./shared_access.ts";
import { BY_HAND } from "./by_hand.ts";

/** A module's path and text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/**
 * All mutants of a module.
 *
 * @param sources The modules whose members may touch shared memory, with that one.
 */
export function mutantsOf(path: string, sources: readonly Source[]): Mutant[] {
  const files = sources.map(({ path, text }) =>
    ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  );
  const file = files.find(({ fileName }) => fileName === path)!;
  const { text } = file;
  const members = new SharedMembers(files);
  const around = { members, swaps: swapMethodsOf(file) };
  const mutants: Mutant[] = [];
  const seen = new Map<string, number>();

  const add = (kind: string, at: ts.Node, what: string, edits: Edit[]) => {
    const source = applied(text, edits);
    if (source === text) return;
    const key = `${ownerOf(at)}: ${kind}: ${what}`;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    mutants.push({
      module: path,
      key: times === 1 ? key : `${key} (${times})`,
      kind,
      source,
    });
  };

  const visit = (node: ts.Node) => {
    if (isOutOfPlay(node)) return;
    for (const operator of OPERATORS) {
      for (const { kind, node: at, text, shown } of operator(node, around)) {
        const after = kind.endsWith("deleted")
          ? ""
          : ` -> ${onOneLine(shown ?? text)}`;
        add(kind, at, onOneLine(at.getText()) + after, [editOf(at, text)]);
      }
    }
    if (ts.isBlock(node) || ts.isCaseClause(node)) {
      for (const [first, second] of swappable(node.statements, members)) {
        const what = `${onOneLine(first.getText())} <-> ` +
          onOneLine(second.getText());
        add("order of two steps swapped", first, what, [
          editOf(first, second.getText()),
          editOf(second, first.getText()),
        ]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  for (const { module, member, name, body } of BY_HAND) {
    if (module !== path) continue;
    const node = memberOf(file, member);
    add("by hand", node, name, [editOf(node.body!, body)]);
  }
  return mutants;
}

function editOf(node: ts.Node, text: string): Edit {
  return { start: node.getStart(), end: node.getEnd(), text };
}

/**
 * Types do nothing, what a constructor leaves out fails at once, and what asks for a
 * value's type is for what comes from elsewhere.
 */
function isOutOfPlay(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) && node.type) {
    return ts.isTypePredicateNode(node.type);
  }
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node) ||
    ts.isConstructorDeclaration(node);
}

/** The name of the function that a node is in. */
function ownerOf(node: ts.Node): string {
  for (let at: ts.Node | undefined = node; at; at = at.parent) {
    if (
      (ts.isMethodDeclaration(at) || ts.isGetAccessor(at) ||
        ts.isFunctionDeclaration(at)) && at.name
    ) return at.name.getText();
  }
  return "module";
}

function memberOf(
  file: ts.SourceFile,
  name: string,
): ts.MethodDeclaration | ts.GetAccessorDeclaration {
  const find = (node: ts.Node):
    | ts.MethodDeclaration
    | ts.GetAccessorDeclaration
    | undefined =>
    (ts.isMethodDeclaration(node) || ts.isGetAccessor(node)) &&
      node.name.getText() === name
      ? node
      : ts.forEachChild(node, find);
  const found = find(file);
  if (found?.body === undefined) {
    throw new Error(`Cannot mutate ${name} of ${file.fileName}: it is gone`);
  }
  return found;
}

/** Methods that return whether one compare-and-swap has succeeded. */
function swapMethodsOf(file: ts.SourceFile): Map<string, SwapMethod> {
  const methods = new Map<string, SwapMethod>();
  const visit = (node: ts.Node) => {
    if (ts.isMethodDeclaration(node) && node.body?.statements.length === 1) {
      const [only] = node.body.statements;
      if (
        ts.isReturnStatement(only!) && only.expression &&
        ts.isBinaryExpression(only.expression)
      ) {
        const call = atomicCall(only.expression.left);
        if (call?.operation === "compareExchange") {
          methods.set(node.name.getText(), {
            params: node.parameters.map(({ name }) => name.getText()),
            object: call.object,
            args: call.args,
          });
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return methods;
}

/** Neighbours that both touch shared memory, and that can change places. */
function* swappable(
  statements: readonly ts.Statement[],
  members: SharedMembers,
): Generator<[ts.Statement, ts.Statement]> {
  for (let i = 1; i < statements.length; i++) {
    const [first, second] = [statements[i - 1]!, statements[i]!];
    if (!members.touches(first) || !members.touches(second)) continue;
    if (jumps(first) || jumps(second)) continue;
    const used = identifiersIn(second);
    if (declaredBy(first).some((name) => used.has(name))) continue;
    yield [first, second];
  }
}

function jumps(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  return ts.isReturnStatement(node) || ts.isContinueStatement(node) ||
    ts.isBreakStatement(node) || ts.isThrowStatement(node) ||
    (ts.forEachChild(node, (child) => jumps(child) || undefined) ?? false);
}

function declaredBy(statement: ts.Statement): string[] {
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap((
    { name },
  ) => [...identifiersIn(name)]);
}

function identifiersIn(node: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(node);
  return names;
}
