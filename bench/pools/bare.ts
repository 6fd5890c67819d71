// What people write by hand: Web Workers, a message for each call and each result,
// and a map from numbers to promises. The calls go to the workers in turn.

import type { Contender, Running } from "./contender.ts";

/** A call on its way: its number, the function's name, its argument. */
export type Request = [id: number, work: string, arg: unknown];
export type Reply = [id: number, result: unknown];

async function startWorker(): Promise<Worker> {
  const url = new URL("./bare_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  return worker;
}

export const contender: Contender = {
  async start(threads: number): Promise<Running> {
    const resolvers = new Map<number, (result: unknown) => void>();
    const workers = await Promise.all(
      Array.from({ length: threads }, startWorker),
    );
    for (const worker of workers) {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        const resolve = resolvers.get(data[0])!;
        resolvers.delete(data[0]);
        resolve(data[1]);
      };
    }
    let calls = 0;
    return {
      caller: (work) => (arg) =>
        new Promise((resolve) => {
          const id = calls++;
          resolvers.set(id, resolve);
          const request: Request = [id, work, arg];
          workers[id % workers.length]!.postMessage(request);
        }),
      stop() {
        for (const worker of workers) worker.terminate();
        return Promise.resolve();
      },
    };
  },
};
