import ts from "./typescript.ts";
import { atomicCall, type SharedMembers } from "./shared_access.ts";

/** What a mutant does to one node. */
export interface Change {
  readonly kind: string;
  readonly node: ts.Node;
  /** What stands in its place. */
  readonly text: string;
  /** The same for people, if the text is long. */
  readonly shown?: string;
}

/** A method that does no more than one compare-and-swap. */
export interface SwapMethod {
  readonly params: readonly string[];
  readonly object: string;
  /** The words, the index, what is expected, and what is to be. */
  readonly args: readonly string[];
}

/** What the operators have to know of a module. */
export interface Surroundings {
  readonly members: SharedMembers;
  /** By name. */
  readonly swaps: ReadonlyMap<string, SwapMethod>;
}

type Operator = (node: ts.Node, around: Surroundings) => Change[];

const { SyntaxKind } = ts;

/** Without a statement: a store, a wake, or something else. */
const deletions: Operator = (node) => {
  if (!ts.isExpressionStatement(node)) return [];
  const call = atomicCall(node.expression);
  const name = call?.operation ?? node.getText();
  const kind = call !== null
    ? "atomic step deleted"
    : /\b(notify|wake|unpark|signal)\w*\(/i.test(name)
    ? "wake deleted"
    : "statement deleted";
  return [{ kind, node, text: ";" }];
};

/** Atomic steps in two, that always succeed, or without any order. */
const weakenings: Operator = (node, { swaps }) => {
  const call = atomicCall(node);
  if (call === null) return swapMethodWeakenings(node, swaps);
  const { object, operation, args } = call;
  const [words, index, value] = args;
  const all = args.join(", ");
  switch (operation) {
    case "load":
      return [{ kind: "load made plain", node, text: `${words}[${index}]` }];
    case "store":
      return [{
        kind: "store made plain",
        node,
        text: `(${words}[${index}] = ${value})`,
      }];
    case "compareExchange":
      return [{
        kind: "compare-and-swap in two steps",
        node,
        text: `((w, i, e, v) => { const s = ${object}.load(w, i); ` +
          `if (s === (e | 0)) ${object}.store(w, i, v); return s; })(${all})`,
        shown: "load, store",
      }, {
        kind: "compare-and-swap that always succeeds",
        node,
        text: `((w, i, e, v) => (${object}.store(w, i, v), e))(${all})`,
        shown: "store",
      }];
    case "exchange":
    case "add":
    case "sub":
    case "and":
    case "or":
    case "xor": {
      const next: Record<string, string> = {
        exchange: "v",
        add: "s + v",
        sub: "s - v",
        and: "s & v",
        or: "s | v",
        xor: "s ^ v",
      };
      return [{
        kind: `${operation} in two steps`,
        node,
        text: `((w, i, v) => { const s = ${object}.load(w, i); ` +
          `${object}.store(w, i, ${next[operation]}); return s; })(${all})`,
        shown: "load, store",
      }];
    }
    default:
      return [];
  }
};

function swapMethodWeakenings(
  node: ts.Node,
  swaps: Surroundings["swaps"],
): Change[] {
  if (!ts.isCallExpression(node)) return [];
  const callee = node.expression;
  if (
    !ts.isPropertyAccessExpression(callee) ||
    callee.expression.kind !== SyntaxKind.ThisKeyword
  ) return [];
  const method = swaps.get(callee.name.text);
  if (method === undefined) return [];
  const given = node.arguments.map((arg) => `(${arg.getText()})`);
  const [words, index, expected, value] = method.args.map((text) =>
    text.replaceAll(/[#\w]+/g, (word) => {
      const at = method.params.indexOf(word);
      return at < 0 ? word : given[at]!;
    })
  );
  const { object } = method;
  const store = `${object}.store(${words}, ${index}, ${value})`;
  return [{
    kind: "compare-and-swap in two steps",
    node,
    text: `(${object}.load(${words}, ${index}) === ${expected} && ` +
      `(${store}, true))`,
    shown: "load, store",
  }, {
    kind: "compare-and-swap that always succeeds",
    node,
    text: `(${store}, true)`,
    shown: "store",
  }];
}

/** Checks that come out one way, whatever they see. */
const checks: Operator = (node) => {
  const always = (check: ts.Expression, what: boolean): Change => ({
    kind: `check always ${what}`,
    node: check,
    text: `((${check.getText()}), ${what})`,
    shown: `${what}`,
  });
  const both = (check: ts.Expression) => [
    always(check, true),
    always(check, false),
  ];
  if (
    ts.isIfStatement(node) || ts.isWhileStatement(node) ||
    ts.isDoStatement(node)
  ) return both(node.expression);
  if (ts.isForStatement(node) && node.condition) return both(node.condition);
  if (ts.isConditionalExpression(node)) return both(node.condition);
  if (ts.isReturnStatement(node) && node.expression && saysBoolean(node)) {
    const { kind } = node.expression;
    return both(node.expression).filter((_, i) =>
      kind !== (i === 0 ? SyntaxKind.TrueKeyword : SyntaxKind.FalseKeyword)
    );
  }
  return [];
};

/** Whether a `return` is that of a function that says that it returns a boolean. */
function saysBoolean(node: ts.Node): boolean {
  for (let { parent } = node; parent; { parent } = parent) {
    if (ts.isFunctionLike(parent)) {
      return parent.type?.kind === SyntaxKind.BooleanKeyword;
    }
  }
  return false;
}

/** One side of a condition, of a mask or of a choice alone. */
const halves: Operator = (node, { members }) => {
  if (!ts.isBinaryExpression(node)) return [];
  const [left, right] = [node.left.getText(), node.right.getText()];
  const only = (kind: string) =>
    [left, right].map((text) => ({ kind, node, text: `(${text})` }));
  switch (node.operatorToken.kind) {
    case SyntaxKind.AmpersandAmpersandToken:
    case SyntaxKind.BarBarToken: {
      const changes = only("part of a check dropped");
      if (members.touches(node.left) && members.touches(node.right)) {
        const operator = node.operatorToken.getText();
        changes.push({
          kind: "order of two steps swapped",
          node,
          text: `((${right}) ${operator} (${left}))`,
        });
      }
      return changes;
    }
    case SyntaxKind.QuestionQuestionToken:
      return only("one way of two dropped");
    case SyntaxKind.BarToken:
      return right === "0"
        ? only("wrap-around dropped").slice(0, 1)
        : bitChanges(node);
    case SyntaxKind.AmpersandToken:
      return only("mask dropped").slice(0, 1);
    default:
      return [];
  }
};

/** Each of the operands of a chain of `|` left out. */
function bitChanges(node: ts.BinaryExpression): Change[] {
  if (isOr(node.parent)) return [];
  const operands = (node: ts.Expression): ts.Expression[] =>
    isOr(node) ? [...operands(node.left), ...operands(node.right)] : [node];
  const all = operands(node);
  return all.map((left) => ({
    kind: "bits dropped",
    node,
    text: `(${all.filter((one) => one !== left).map(textOf).join(" | ")})`,
  }));
}

function isOr(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) &&
    node.operatorToken.kind === SyntaxKind.BarToken;
}

function textOf(node: ts.Node): string {
  return node.getText();
}

const BOUNDS: Readonly<Record<number, string>> = {
  [SyntaxKind.LessThanToken]: "<=",
  [SyntaxKind.LessThanEqualsToken]: "<",
  [SyntaxKind.GreaterThanToken]: ">=",
  [SyntaxKind.GreaterThanEqualsToken]: ">",
};

/** Limits and indices that are one off. */
const arithmetic: Operator = (node) => {
  if (!ts.isBinaryExpression(node)) return [];
  const { kind } = node.operatorToken;
  const [left, right] = [node.left.getText(), node.right.getText()];
  const bound = BOUNDS[kind];
  if (bound !== undefined) {
    return [{ kind: "bound moved", node, text: `(${left} ${bound} ${right})` }];
  }
  const sign = kind === SyntaxKind.PlusToken
    ? "-"
    : kind === SyntaxKind.MinusToken
    ? "+"
    : null;
  if (sign !== null && (right === "1" || areConstants(left, right))) {
    const flipped = {
      kind: "sum changed",
      node,
      text: `(${left} ${sign} ${right})`,
    };
    const without = { kind: "sum changed", node, text: `(${left})` };
    return [flipped, without];
  }
  const isShift = kind === SyntaxKind.GreaterThanGreaterThanToken ||
    kind === SyntaxKind.LessThanLessThanToken;
  if (isShift || kind === SyntaxKind.PercentToken) {
    return [{
      kind: isShift ? "shift dropped" : "remainder dropped",
      node,
      text: `(${left})`,
    }];
  }
  return [];
};

function areConstants(...texts: string[]): boolean {
  return texts.every((text) => /^-?[A-Z][A-Z_]+$/.test(text));
}

/** The other of the two values that a flag can have. */
const flags: Operator = (node) => {
  const other = (value: ts.Node): Change[] => {
    const flipped: Record<string, string> = {
      true: "false",
      false: "true",
      "0": "1",
      "1": "0",
    };
    const text = flipped[value.getText()];
    return text === undefined
      ? []
      : [{ kind: "value changed", node: value, text }];
  };
  const call = atomicCall(node);
  if (call !== null) return other(call.node.arguments.at(-1)!);
  if (ts.isCallExpression(node)) {
    return node.arguments.filter((arg) => /^(true|false)$/.test(arg.getText()))
      .flatMap(other);
  }
  const isAssignment = ts.isBinaryExpression(node) &&
    node.operatorToken.kind === SyntaxKind.EqualsToken;
  return isAssignment && /^(true|false)$/.test(node.right.getText())
    ? other(node.right)
    : [];
};

/** The negative of a constant. */
const signs: Operator = (node) =>
  ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.MinusToken &&
    areConstants(node.operand.getText())
    ? [{ kind: "sum changed", node, text: node.operand.getText() }]
    : [];

export const OPERATORS: readonly Operator[] = [
  deletions,
  weakenings,
  checks,
  halves,
  arithmetic,
  flags,
  signs,
];
