/**
 * A worker that runs one task after another and answers with what came of it.
 *
 * @module
 */
import { importing } from "../../../src/task/import_guard.ts";
import { loadShareable } from "../../../src/task/registry.ts";

/** What the worker is asked to do. */
export interface Request {
  url: string;
  name: string;
  args: unknown[];
}

/** What it answers. */
export interface Reply {
  value?: unknown;
  error?: string;
  cause?: string;
  /** What `importing` said when all was over. */
  importing: string | null;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Request>) => void;
  postMessage(reply: Reply): void;
};

scope.onmessage = async ({ data: { url, name, args } }) => {
  const reply: Reply = { importing: null };
  try {
    const fn = await loadShareable(url, name);
    reply.value = await fn(...args);
  } catch (error) {
    reply.error = String(error);
    if (error instanceof Error && "cause" in error) {
      reply.cause = String(error.cause);
    }
  }
  reply.importing = importing();
  scope.postMessage(reply);
};
