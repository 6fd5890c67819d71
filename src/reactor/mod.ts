/**
 * Who waits: the reactor, and what people need to build futures of their own on
 * it.
 *
 * @module
 */
export { ReactorHandle } from "./handle.ts";
export type { ParkingPlace, ReactorHandleMessage } from "./parking.ts";
export { Interest } from "./interest.ts";
export {
  Reactor,
  reactorOf,
  type ReactorOptions,
  type SleepWatcher,
} from "./reactor.ts";
export type { SignalTarget } from "./backend.ts";
export { type Registrar, Source } from "./source.ts";
export { Token } from "./token.ts";
