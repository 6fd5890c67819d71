/**
 * Modules that tests write as text, for `loadShareable` to import.
 *
 * @module
 */
import { pathToFileURL } from "node:url";

/** What each module begins with. */
export const PRELUDE = `
import { task } from ${source("task/registry.ts")};
import { checkNotImporting, importing, outsideImport } from ${
  source("task/import_guard.ts")
};
`;

function source(path: string): string {
  return JSON.stringify(
    new URL(`../../../src/${path}`, import.meta.url).href,
  );
}

/** Modules in a folder of their own, which is gone at the end of `using`. */
export class Modules implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "edo_registry_" });

  /** Writes a module, and returns its address. */
  add(name: string, code: string): string {
    const path = `${this.#folder}/${name}`;
    Deno.writeTextFileSync(path, PRELUDE + code);
    return pathToFileURL(path).href;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
