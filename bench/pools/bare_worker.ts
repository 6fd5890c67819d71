import type { Reply, Request } from "./bare.ts";
import * as work from "./work.ts";

/** The part of a worker's scope that is used here. */
interface Scope {
  onmessage(event: MessageEvent<Request>): void;
  postMessage(message: Reply | null): void;
}

const scope = self as unknown as Scope;
const works = work as unknown as Record<string, (arg: unknown) => unknown>;

scope.onmessage = ({ data: [id, name, arg] }) => {
  scope.postMessage([id, works[name]!(arg)]);
};
scope.postMessage(null); // it is up
