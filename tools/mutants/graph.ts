/**
 * Which modules each file needs when it runs: imports of types alone do not count.
 *
 * @module
 */
import ts from "./typescript.ts";

/** The paths from the project's folder that a file imports, through others as well. */
export function importsOf(root: string, path: string): Set<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    for (const specifier of specifiersIn(root, path)) {
      const base = new URL(path, "file:///");
      visit(new URL(specifier, base).pathname.slice(1));
    }
  };
  visit(path);
  found.delete(path);
  return found;
}

const known = new Map<string, string[]>();

function specifiersIn(root: string, path: string): string[] {
  const key = `${root}/${path}`;
  let specifiers = known.get(key);
  if (specifiers === undefined) {
    const text = Deno.readTextFileSync(key);
    specifiers = runtimeImports(text).filter((name) => name.startsWith("."));
    known.set(key, specifiers);
  }
  return specifiers;
}

function runtimeImports(text: string): string[] {
  const file = ts.createSourceFile("", text, ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    if (
      !ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)
    ) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || isTypeOnly(statement)) return [];
    return [(moduleSpecifier as ts.StringLiteral).text];
  });
}

function isTypeOnly(
  statement: ts.ImportDeclaration | ts.ExportDeclaration,
): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const { importClause } = statement;
  if (importClause === undefined) return false;
  if (importClause.isTypeOnly) return true;
  const { name, namedBindings } = importClause;
  return name === undefined && namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly);
}
