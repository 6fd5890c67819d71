import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { block_on, time } from "../../mod.ts";
import { loadShareable, shareableOf, task } from "../../src/task/registry.ts";
import type { TaskFunction } from "../../src/task/mod.ts";

const crunch = task(import.meta, function* crunch(n: number) {
  yield* time.sleep(1);
  return n + 1;
});
const later = task(import.meta, async function later(word: string) {
  return await Promise.resolve(word);
});
const arrow = (n: number) => n;
const named = task(import.meta, "a name of its own", arrow);

/** `task` for what types would refuse. */
const untyped = task as unknown as (...args: unknown[]) => TaskFunction;

let modules = 0;

/** An `import.meta` of a module that nothing was declared in yet. */
function newMeta(): { url: string } {
  return { url: `file:///registry/${++modules}.ts` };
}

Deno.test("a task is the very function, with its name, and can be called as before", async () => {
  assertStrictEquals(named, arrow);
  assertEquals(crunch.name, "crunch");
  assertEquals(named.name, "arrow");
  assertEquals(
    block_on(function* () {
      return yield* crunch(3);
    }),
    4,
  );
  assertEquals(named(5), 5);
  assertEquals(await later("word"), "word");
});

Deno.test("a task has an address: its module and its name", () => {
  const fn = function* work() {};
  const meta = newMeta();
  task(meta, fn);
  assertEquals(shareableOf(fn), { url: meta.url, name: "work", fn });
  assertEquals(shareableOf(crunch), {
    url: import.meta.url,
    name: "crunch",
    fn: crunch,
  });
  assertEquals(shareableOf(named)?.name, "a name of its own");
  assertEquals(shareableOf(later)?.name, "later");
});

Deno.test("on a thread that imports no tasks, those of its own modules are found at once", () => {
  assertStrictEquals(loadShareable(import.meta.url, "crunch"), crunch);
});

Deno.test("an ordinary function has no address, nor has one that inherits from a task", () => {
  assertEquals(shareableOf(() => {}), undefined);
  assertEquals(shareableOf(function* () {}), undefined);
  const heir = Object.setPrototypeOf(() => {}, crunch);
  assertEquals(shareableOf(heir), undefined);
});

Deno.test("what makes a function a task cannot be seen by those who list its properties", () => {
  assertEquals(Object.keys(crunch), []);
  assertEquals(Object.entries({ ...crunch }), []);
});

Deno.test("an arrow function has the name of its constant", () => {
  const inMinutes = (ms: number) => ms / 60_000;
  const meta = newMeta();
  assertEquals(shareableOf(task(meta, inMinutes))?.name, "inMinutes");
  // One that is written as the argument has none: a constant names only functions
  // that are assigned to it directly.
  assertThrows(() => task(meta, (ms: number) => ms), TypeError, "no name");
});

Deno.test("modules may use each other's names, and addresses count to the last letter", () => {
  const url = newMeta().url;
  for (const suffix of ["", "?v=2", "#part"]) {
    const fn = task({ url: url + suffix }, function* same() {});
    assertEquals(shareableOf(fn)?.url, url + suffix);
  }
});

Deno.test("a second function under one name is refused where it is declared", () => {
  const meta = newMeta();
  task(meta, function* twice() {});
  assertThrows(
    () => task(meta, function* twice() {}),
    Error,
    `Cannot declare the task "twice" of ${meta.url} twice: another ` +
      "function has this name. Declare each task once, at module level, " +
      'and tell them apart by task(import.meta, "name", fn)',
  );
  task(meta, "another name", function* twice() {});
});

Deno.test("a task that is made by a function is refused at its second call", () => {
  const meta = newMeta();
  const makeAdder = (by: number) => task(meta, "add", (n: number) => n + by);
  assertEquals(makeAdder(1)(1), 2);
  assertThrows(() => makeAdder(2), Error, 'Cannot declare the task "add" of');
});

Deno.test("the same declaration again changes nothing, a second one is refused", () => {
  const meta = newMeta();
  const fn = task(meta, function* once() {});
  assertStrictEquals(task(meta, fn), fn);
  assertThrows(
    () => task(meta, "else", fn),
    Error,
    `Cannot declare the task "else" of ${meta.url}: the function is the ` +
      `task "once" of ${meta.url} already`,
  );
  const elsewhere = newMeta();
  assertThrows(
    () => task(elsewhere, fn),
    Error,
    `Cannot declare the task "once" of ${elsewhere.url}: the function is`,
  );
});

Deno.test("a function without a name is refused, and told how to get one", () => {
  const meta = newMeta();
  for (const fn of [[function* () {}], [() => {}], [async () => {}]].flat()) {
    assertThrows(
      () => untyped(meta, fn),
      TypeError,
      `Cannot declare a task of ${meta.url}: the function has no name; ` +
        'write `function* name(…)`, or task(import.meta, "name", fn)',
    );
  }
});

Deno.test("a name must be a string that is not empty", () => {
  const meta = newMeta();
  for (
    const [name, said] of [["", '""'], [3, "3"], [undefined, "undefined"]]
  ) {
    assertThrows(
      () => untyped(meta, name, () => {}),
      TypeError,
      `the name must be a string that is not empty, and is ${said}`,
    );
  }
});

Deno.test("what is no function is refused by what it is", () => {
  const meta = newMeta();
  for (
    const [value, said] of [
      [undefined, "undefined"],
      [3, "3"],
      ["text", '"text"'],
      [null, "null"],
      [crunch(1), "an object of class"],
      [Promise.resolve(), "an object of class Promise"],
    ]
  ) {
    assertThrows(
      () => untyped(meta, value),
      TypeError,
      `Cannot declare a task of ${meta.url}: a task must be a function, ` +
        `and is ${said}`,
    );
  }
});

Deno.test("a class and an async generator function are refused", () => {
  const meta = newMeta();
  assertThrows(
    () => untyped(meta, class Point {}),
    TypeError,
    '"Point" is a class, which cannot be called',
  );
  assertThrows(
    () => untyped(meta, async function* lines() {}),
    TypeError,
    '"lines" is an async generator function: nobody would take what it yields',
  );
});

Deno.test("without import.meta, or its url, nothing can be declared", () => {
  for (
    const [meta, said] of [
      [undefined, "is undefined"],
      [() => {}, "is a function"],
      ["file:///a.ts", 'is "file:///a.ts"'],
      [{}, "has no url"],
      [{ url: "" }, "has no url"],
    ]
  ) {
    assertThrows(
      () => untyped(meta, function* work() {}),
      TypeError,
      "Cannot declare a task: the first argument must be import.meta, and " +
        said,
    );
  }
});
