import { WORKS } from "./contender.ts";
import { NPM } from "./contenders.ts";
import * as work from "./work.ts";

const { ThreadWorker } = await import(NPM.poolifier) as {
  ThreadWorker: new (functions: Record<string, unknown>) => unknown;
};

export default new ThreadWorker(
  Object.fromEntries(WORKS.map((name) => [name, work[name]])),
);
