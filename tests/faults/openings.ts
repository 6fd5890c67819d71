/** The calls that open a reactor, one after another. */
import type { FaultOptions } from "./double.ts";
import { double } from "./double.ts";
import { EPOLL_CTL_ADD } from "../../src/sys/linux/constants.ts";

/** Whether an `epoll_ctl` registers the eventfd of a reactor. */
export function isOpening(
  _epoll: number,
  operation: number,
  fd: number,
): boolean {
  return operation === EPOLL_CTL_ADD && double.ledger.kindOf(fd) === "eventfd";
}

/** Whether an `epoll_ctl` registers a socket. */
export function isRegistering(
  _epoll: number,
  operation: number,
  fd: number,
): boolean {
  return operation === EPOLL_CTL_ADD && double.ledger.kindOf(fd) !== "eventfd";
}

/** What can fail when a reactor is opened. */
export const openings: readonly { name: string; options: FaultOptions }[] = [
  { name: "epoll_create1", options: {} },
  { name: "eventfd", options: {} },
  { name: "epoll_ctl", options: { where: isOpening } },
];
