/**
 * Every public function, called with every kind of argument.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import * as edo from "../../mod.ts";
import "./executor_api.ts";
import "./future_api.ts";
import "./net_api.ts";
import "./reactor_api.ts";
import { covered } from "./surface.ts";
import "./time_api.ts";

/** What is left out, and why. */
const LEFT_OUT: Record<string, string> = {
  "Future": "abstract: what there is to go wrong is its heirs'",
  "Runtime.run": "run, with another spawner",
  "Runtime.blockOn": "Runtime.block_on, by its other name",
  "blockOn": "block_on, by its other name",
  "Context.withWaker": "the constructor, with a context's own drivers",
  "Handle": "made by handle() and import() alone",
  "JoinHandle.then": "what Promise.then takes",
  "net.TcpListener": "a private constructor",
  "net.TcpStream": "a private constructor",
  "reactor.ReactorHandle": "a private constructor",
};

/** What only executors call, for every poll or every event: it costs no check. */
const FOR_DRIVERS =
  /^(time\.Timers|reactor\.Source|Future)\.|\.(poll|attach|detach|rearm|watch)$/;

/** The functions that take something, by the names that users have for them. */
function functionsOf(
  module: Record<string, unknown>,
  prefix = "",
): Map<unknown, string> {
  const found = new Map<unknown, string>();
  for (const [key, value] of Object.entries(module)) {
    const name = prefix + key;
    if (typeof value === "object" && value !== null && /^[a-z]+$/.test(key)) {
      const nested = functionsOf(value as Record<string, unknown>, `${name}.`);
      for (const [fn, inner] of nested) found.set(fn, inner);
    }
    if (typeof value !== "function" || found.has(value)) continue;
    found.set(value, name);
    if (!/^[A-Z]/.test(key)) continue;
    for (const owner of [value, value.prototype]) {
      for (const method of Object.getOwnPropertyNames(owner)) {
        const { value } = Object.getOwnPropertyDescriptor(owner, method)!;
        const takes = typeof value === "function" && value.length > 0;
        if (takes && method !== "constructor" && !found.has(value)) {
          found.set(value, `${name}.${method}`);
        }
      }
    }
  }
  return found;
}

Deno.test("every public function that takes something has a property", () => {
  const names = [...functionsOf(edo as unknown as Record<string, unknown>)]
    .filter(([fn]) => (fn as { length: number }).length > 0)
    .map(([, name]) => name);
  // `spawnWith of what is no shareable task` is a test of `spawnWith`.
  const tested = new Set([...covered].map((name) => name.split(" ")[0]!));
  const missing = names.filter((name) =>
    !tested.has(name) && !(name in LEFT_OUT) && !FOR_DRIVERS.test(name)
  );
  assertEquals(missing, []);
});
