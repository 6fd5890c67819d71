/**
 * The generator library of these tests, from npm wherever `@std/*` comes from. One
 * version exactly: another one makes other cases of the same seed.
 *
 * @module
 */
// No entry of an import map, as there are two of them: deno.json, and the one that
// takes its place where JSR does not answer.
export { default as fc } from "npm:fast-check@4.10.2";
