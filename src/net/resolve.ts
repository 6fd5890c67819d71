import { type Coroutine, currentContext, fromPromise } from "../future/mod.ts";
import { formatIp, type SocketAddr } from "../sys/addr.ts";
import {
  type CheckedAddress,
  knownAddresses,
  parseAddress,
} from "./address.ts";
import { lookUp } from "./look_up.ts";
import { refuseDenied, requireNet } from "./permission.ts";

/**
 * The addresses to try for a host, in order. Permission is asked for the name, and
 * no address that it stands for may be denied.
 *
 * A name that has to be looked up is looked up by Deno's own resolver, which needs
 * Deno's event loop: on a thread that is blocked, another one does it.
 *
 * @throws {Deno.errors.NotCapable} If permission is missing.
 * @throws {Deno.errors.NotFound} If the name stands for nothing.
 * @throws {Deno.errors.NotSupported} If a look-up is needed on a blocked thread
 * whose drivers know of no other.
 */
export function* resolve(address: CheckedAddress): Coroutine<SocketAddr[]> {
  const { hostname, port, text } = address;
  requireNet(hostname, port);
  let found = knownAddresses(hostname, port);
  if (found.length === 0) found = yield* find(hostname, port, text);
  for (const candidate of found) {
    const ip = formatIp(candidate);
    if (ip !== hostname) refuseDenied(ip, port);
  }
  return found;
}

function* find(
  hostname: string,
  port: number,
  text: string,
): Coroutine<SocketAddr[]> {
  checkCanLookUp(text);
  try {
    const found = yield* ask(hostname);
    return found.map((ip) => parseAddress(ip, port));
  } catch (cause) {
    // Deno's resolver wants the permission for the name on every port.
    if ((cause as { code?: string }).code === "EPERM") {
      throw new Deno.errors.NotCapable(
        `Requires net access to "${hostname}" to look it up, run again with ` +
          "the --allow-net flag",
        { cause },
      );
    }
    throw new Deno.errors.NotFound(
      `Cannot connect to ${text}: the host name was not found`,
      { cause },
    );
  }
}

/** Throws if nobody could look a name up for the task that is running. */
function checkCanLookUp(text: string): void {
  const cx = currentContext();
  if (!cx?.blocking || cx.drivers.resolve !== undefined) return;
  throw new Deno.errors.NotSupported(
    `Cannot connect to ${text}: a host name is looked up on Deno's event loop, ` +
      "which stands still here. Use an IP address",
  );
}

function* ask(hostname: string): Coroutine<string[]> {
  const cx = currentContext();
  return cx?.blocking
    ? yield* cx.drivers.resolve!(hostname)
    : yield* fromPromise(lookUp(hostname));
}
