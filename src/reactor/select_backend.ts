import type { Backend, SignalTarget } from "./backend.ts";
import { EpollBackend } from "./linux.ts";
import { Notifier } from "./fallback.ts";
import { newParkingPlace, type ParkingPlace } from "./parking.ts";
import { AfdBackend } from "./windows.ts";

/** The backends by name: how each is made, and how any thread signals one. */
const BACKENDS = {
  epoll: { make: () => new EpollBackend(), signal: EpollBackend.signal },
  afd: { make: () => new AfdBackend(), signal: AfdBackend.signal },
  notifier: {
    make: (place: ParkingPlace) => new Notifier(place),
    signal: Notifier.signal,
  },
} as const;

/** What a backend can be chosen by. */
export type BackendName = keyof typeof BACKENDS;

/** All of them, in an order that threads of one version agree on. */
export const BACKEND_NAMES = Object.keys(BACKENDS) as readonly BackendName[];

function nativeBackend(): BackendName {
  switch (Deno.build.os) {
    case "linux":
    case "android":
      return "epoll";
    case "windows":
      return "afd";
    default:
      return "notifier";
  }
}

let selected: BackendName = nativeBackend();

/** What reactors of this thread will be made with. */
export function backendName(): BackendName {
  return selected;
}

/**
 * Has the reactors that are made from now on use another backend, for tests: null
 * brings back the system's own.
 */
export function overrideBackend(name: BackendName | null): void {
  selected = name ?? nativeBackend();
}

/**
 * Makes the backend for a new reactor whose thread parks at `place`: the only
 * function that chooses one.
 */
export function makeBackend(
  place: ParkingPlace = newParkingPlace(),
): Backend {
  return BACKENDS[selected].make(place);
}

/** Ends the wait of the backend that a target belongs to, from any thread. */
export function signalBackend(target: SignalTarget): void {
  const backend = BACKENDS[target.backend as BackendName];
  if (backend === undefined) {
    throw new TypeError(
      `Cannot signal a reactor: there is no backend "${target.backend}"`,
    );
  }
  backend.signal(target);
}
