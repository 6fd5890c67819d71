/**
 * Effection: structured concurrency, with a scheduler of its own. The project has no
 * dependencies; two commands of one example do, so this stands here and not among
 * the imports of deno.json.
 *
 * @module
 */
export * from "npm:effection@4.1.1";
