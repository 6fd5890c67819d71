/**
 * What threads have taken out of queues, as one number that a round can carry: its
 * octal digits are the tasks, each plus one, in the order in which they came.
 */
export function noted(taken: number, task: number): number {
  return 8 * taken + task + 1;
}

/** The tasks in such a number, oldest first. */
export function tasksIn(taken: number): number[] {
  const tasks: number[] = [];
  for (; taken > 0; taken = Math.floor(taken / 8)) tasks.unshift(taken % 8 - 1);
  return tasks;
}

/** Throws unless each of the tasks from 0 to `count - 1` is there once. */
export function assertEachOnce(tasks: readonly number[], count: number): void {
  for (let task = 0; task < count; task++) {
    const times = tasks.filter((other) => other === task).length;
    if (times === 0) throw new Error(`task ${task} is lost`);
    if (times > 1) throw new Error(`task ${task} came ${times} times`);
  }
  if (tasks.length > count) throw new Error(`unknown tasks: ${tasks}`);
}
