import { NPM } from "./contenders.ts";
import * as work from "./work.ts";

const { default: workerpool } = await import(NPM.workerpool) as {
  default: { worker(methods: Record<string, unknown>): void };
};

workerpool.worker({ ...work });
