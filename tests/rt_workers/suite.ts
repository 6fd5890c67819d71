import { type Coroutine, run } from "../../mod.ts";
import { backendName } from "../../src/reactor/select_backend.ts";
import {
  collectTests,
  type Flavour,
  flavour,
  type RtTest,
} from "../rt/flavours.ts";
import { Stage } from "./stage.ts";

/** Where the tests of the thread start what shall run in a task of a worker. */
export const stage: Stage = new Stage();

const FOLDER = new URL("../rt/", import.meta.url);

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** By `run` of a worker's ordinary code, or of an async task: its loop turns. */
async function startHosted<A extends unknown[], T>(
  fn: (...args: A) => Coroutine<T>,
  ...args: A
): Promise<T> {
  try {
    return await run(fn as (...args: unknown[]) => Coroutine<T>, ...args) as T;
  } finally {
    for (let turn = 0; turn < 3; turn++) await nextTurn();
  }
}

/** The ways in which tasks can be run on a worker. */
const FLAVOURS: readonly Flavour[] = [
  {
    name: "in a task",
    blocking: false,
    backend: backendName(),
    start: (fn, ...args) => stage.start(fn, args),
  },
  {
    name: "run",
    blocking: false,
    backend: backendName(),
    start: startHosted,
  },
  flavour(true, null),
  flavour(true, backendName()),
];

/** The files of the one-thread suite. */
export function suiteFiles(): string[] {
  return [...Deno.readDirSync(FOLDER)]
    .map(({ name }) => name)
    .filter((name) => name.endsWith("_test.ts"))
    .sort();
}

const loaded = new Map<string, ReadonlyMap<string, RtTest>>();

/** The tests of a file by name, as a worker would run them. One file at a time. */
export async function loadTests(
  file: string,
): Promise<ReadonlyMap<string, RtTest>> {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const tests = new Map<string, RtTest>();
  collectTests(tests, FLAVOURS);
  await import(new URL(file, FOLDER).href);
  loaded.set(file, tests);
  return tests;
}
