import { describe, type Waker } from "../future/mod.ts";
import { isParkingPlace, type ParkingPlace } from "./parking.ts";
import { READABLE, WRITABLE } from "./readiness.ts";

/** What is wrong with what somebody wants to set a waker with, if something is. */
export function checkWaker(interest: unknown, waker: Waker): void {
  if (typeof waker?.wake !== "function") {
    throw new TypeError(
      `Cannot set a waker: waker is ${describe(waker)}, without a method wake`,
    );
  }
  if (interest !== READABLE && interest !== WRITABLE) {
    throw new TypeError(
      `Cannot set a waker: interest is ${
        describe(interest)
      }, not READABLE or WRITABLE`,
    );
  }
}

/** The number of a descriptor: FFI does not take -0 for one. */
export function checkedFd(fd: number): number {
  if (Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31) return fd + 0;
  throw new RangeError(`Cannot register a socket: fd is ${describe(fd)}`);
}

/** Checks how long to wait, which may be for ever. */
export function checkWait(ms: number): void {
  if (typeof ms === "number" && ms >= 0) return;
  throw new RangeError(`Cannot wait: ms is ${describe(ms)}`);
}

/** The place in shared memory where a notifier has its word. */
export function checkedPlace(place: unknown): ParkingPlace {
  if (isParkingPlace(place)) return place;
  throw new TypeError(
    `Cannot open a reactor: options.place is ${
      describe(place)
    }, and must be shared memory and where in it`,
  );
}
