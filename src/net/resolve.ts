import { type Coroutine, currentContext, fromPromise } from "../future/mod.ts";
import { formatIp, type SocketAddr } from "../sys/addr.ts";
import {
  type CheckedAddress,
  knownAddresses,
  parseAddress,
} from "./address.ts";
import { refuseDenied, requireNet } from "./permission.ts";

/**
 * The addresses to try for a host, in order. Permission is asked for the name, and
 * no address that it stands for may be denied.
 *
 * A name that has to be looked up is looked up by Deno's own resolver, off the
 * thread, which needs Deno's event loop.
 *
 * @throws {Deno.errors.NotCapable} If permission is missing.
 * @throws {Deno.errors.NotFound} If the name stands for nothing.
 * @throws {Deno.errors.NotSupported} If a look-up is needed inside `block_on`.
 */
export function* resolve(address: CheckedAddress): Coroutine<SocketAddr[]> {
  const { hostname, port, text } = address;
  requireNet(hostname, port);
  let found = knownAddresses(hostname, port);
  if (found.length === 0) found = yield* lookUp(hostname, port, text);
  for (const candidate of found) {
    const ip = formatIp(candidate);
    if (ip !== hostname) refuseDenied(ip, port);
  }
  return found;
}

function* lookUp(
  hostname: string,
  port: number,
  text: string,
): Coroutine<SocketAddr[]> {
  if (currentContext()?.blocking) {
    throw new Deno.errors.NotSupported(
      `Cannot connect to ${text}: a host name is looked up on Deno's event ` +
        "loop, which stands still inside block_on. Use an IP address, or run()",
    );
  }
  const dns = yield* fromPromise(import("node:dns/promises"));
  try {
    const answers = yield* fromPromise(dns.lookup(hostname, { all: true }));
    return answers.map((answer) => parseAddress(answer.address, port));
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
