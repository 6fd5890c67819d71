import { assert, assertEquals } from "@std/assert";
import {
  ABORTED,
  type Ending,
  FAILED,
  TaskState,
} from "../../src/task/state.ts";

/** The state word again, as plain facts: what each transition must do. */
class Model {
  notified = true;
  running = false;
  ending: Ending | null = null;
  interest = true;
  joinWaker = false;
  started = false;
  aborting = false;
  joined = false;

  get observed(): unknown {
    return {
      isComplete: this.ending !== null,
      hasFailed: this.ending === FAILED,
      wasAborted: this.ending === ABORTED,
      hasJoinInterest: this.interest,
      isStarted: this.started,
      isAborting: this.aborting,
      wasJoined: this.joined,
    };
  }
}

/** A step that somebody may take, whenever `may` says so. */
interface Step {
  readonly name: string;
  may(model: Model): boolean;
  apply(state: TaskState): unknown;
  expect(model: Model): unknown;
}

function completing(ending: Ending, name: string): Step {
  return {
    name,
    may: (model) => model.running,
    apply: (state) => state.transitionToComplete(ending),
    expect: (model) => {
      const hadJoiners = model.joinWaker;
      model.ending = ending;
      model.running = model.notified = model.joinWaker = false;
      model.aborting = false;
      return hadJoiners;
    },
  };
}

const STEPS: readonly Step[] = [
  {
    name: "wake",
    may: () => true,
    apply: (state) => state.transitionToNotified(),
    expect: (model) => {
      const idle = model.ending === null && !model.notified && !model.running;
      if (model.ending === null) model.notified = true;
      return idle;
    },
  },
  {
    name: "poll",
    // Taken from a queue; or the end of its scope, which takes it where it is.
    may: (model) => !model.running,
    apply: (state) => state.transitionToRunning(),
    expect: (model) => {
      if (model.ending !== null) return false;
      model.notified = false;
      model.running = true;
      return true;
    },
  },
  {
    name: "suspend",
    may: (model) => model.running,
    apply: (state) => state.transitionToIdle(),
    expect: (model) => {
      model.running = false;
      return model.notified;
    },
  },
  completing(0, "return"),
  completing(FAILED, "throw"),
  completing(ABORTED, "cancel"),
  {
    name: "join",
    may: () => true,
    apply: (state) => state.transitionToJoined(),
    expect: (model) => {
      if (model.ending !== null) model.joined = true;
      else model.joinWaker = true;
      return model.ending === null;
    },
  },
  {
    name: "unjoin",
    may: (model) => model.ending === null,
    apply: (state) => state.clearJoinWaker(),
    expect: (model) => {
      model.joinWaker = false;
    },
  },
  {
    name: "detach",
    may: () => true,
    apply: (state) => state.clearJoinInterest(),
    expect: (model) => {
      model.interest = false;
    },
  },
  {
    name: "start",
    may: (model) => model.running && !model.started,
    apply: (state) => state.noteStarted(),
    expect: (model) => {
      model.started = true;
    },
  },
  {
    name: "abort",
    may: (model) => model.ending === null,
    apply: (state) => state.noteAbort(),
    expect: (model) => {
      model.aborting = true;
    },
  },
];

function observe(state: TaskState): unknown {
  return {
    isComplete: state.isComplete,
    hasFailed: state.hasFailed,
    wasAborted: state.wasAborted,
    hasJoinInterest: state.hasJoinInterest,
    isStarted: state.isStarted,
    isAborting: state.isAborting,
    wasJoined: state.wasJoined,
  };
}

/** Where a sequence of steps leads, checked at its last one. */
function follow(path: readonly Step[]): Model {
  const state = new TaskState();
  const model = new Model();
  path.forEach((step, i) => {
    const returned = step.apply(state);
    const expected = step.expect(model);
    if (i < path.length - 1) return;
    const names = path.map(({ name }) => name).join(", ");
    assertEquals(returned, expected, names);
    assertEquals(observe(state), model.observed, names);
  });
  return model;
}

Deno.test("each transition, from each state that can be reached, does what it must", () => {
  // Breadth first, one path to each state of the model.
  const key = (model: Model) => JSON.stringify(model);
  const paths = new Map<string, readonly Step[]>([[key(new Model()), []]]);
  let transitions = 0;
  for (const path of paths.values()) {
    const model = follow(path);
    for (const step of STEPS) {
      if (!step.may(model)) continue;
      transitions++;
      const longer = [...path, step];
      const after = key(follow(longer));
      if (!paths.has(after)) paths.set(after, longer);
    }
  }
  // Far fewer would mean that the exploration itself is broken.
  assert(paths.size > 80, `${paths.size} states`);
  assert(transitions > 500, `${transitions} transitions`);
});

Deno.test("a state is the same whatever way led to it: all paths of up to six steps", () => {
  let paths = 0;
  const walk = (path: Step[]) => {
    const model = follow(path);
    paths++;
    if (path.length === 6) return;
    for (const step of STEPS) {
      if (step.may(model)) walk([...path, step]);
    }
  };
  walk([]);
  assert(paths > 10_000, `${paths} paths`);
});

Deno.test("of any number of wakes between two polls exactly one has to queue the task", () => {
  for (let wakes = 1; wakes <= 5; wakes++) {
    for (const whileRunning of [false, true]) {
      const state = new TaskState();
      state.transitionToRunning();
      let queued = 0;
      const wake = () => {
        for (let i = 0; i < wakes; i++) {
          queued += Number(state.transitionToNotified());
        }
      };
      if (whileRunning) wake();
      queued += Number(state.transitionToIdle());
      if (!whileRunning) wake();
      assertEquals(queued, 1);
    }
  }
});
