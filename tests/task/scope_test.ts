import { assertEquals } from "@std/assert";
import { Future, Pending, type Poll } from "../../src/future/mod.ts";
import { Scope, Task } from "../../src/task/mod.ts";
import { Lab, StepScheduler } from "./support.ts";

function names(scope: Scope): string[] {
  return scope.tasks().map(({ name }) => name);
}

Deno.test("tasks enter and leave a scope in any order, and its list stays whole", () => {
  const scheduler = new StepScheduler();
  const scope = new Scope(scheduler);
  const waiting = new (class extends Future<void> {
    override poll(): Poll<void> {
      return Pending;
    }
  })();
  // Some wait, and some were never polled.
  const named = (name: string) => {
    const fn = Object.defineProperty(() => waiting, "name", { value: name });
    const task = new Task<unknown>(scope, fn, []);
    scheduler.made.push(task);
    if ("bdf".includes(name)) task.run(scheduler.cx);
    return task;
  };
  const tasks = ["a", "b", "c", "d", "e"].map(named);
  const leave = (name: string) =>
    tasks.find((task) => task.name === name)!.cancelNow();
  assertEquals(names(scope), ["a", "b", "c", "d", "e"]);
  leave("c");
  assertEquals(names(scope), ["a", "b", "d", "e"]);
  leave("e");
  leave("a");
  assertEquals([names(scope), scope.tasks().length], [["b", "d"], 2]);
  named("f");
  assertEquals(names(scope), ["b", "d", "f"]);
  leave("d");
  leave("b");
  assertEquals([names(scope), scope.tasks().length, scope.isClosed], [
    ["f"],
    1,
    false,
  ]);
  scope.close();
  assertEquals([names(scope), scope.tasks().length, scope.isClosed], [
    [],
    0,
    true,
  ]);
});

Deno.test("a scope searches the queue only while a task of it was never polled", () => {
  // The queue holds the tasks of all scopes: a thousand small ones that end one
  // after the other must not each go through those of the others.
  const lab = new Lab();
  const { scheduler, scope } = lab;
  assertEquals(scope.tasks().length, 1);
  assertEquals(scheduler.searches, 1);
  lab.step();
  const aborted = new Task<unknown>(scope, () => {}, []);
  const failing = new Task<unknown>(scope, () => {
    throw new Error("expected");
  }, []);
  aborted.cancelNow();
  failing.run(scheduler.cx);
  assertEquals([scope.tasks().length, scheduler.searches], [1, 1]);
  scope.close();
  assertEquals([lab.drops, scheduler.searches], [1, 1]);
});
