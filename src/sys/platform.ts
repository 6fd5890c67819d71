/** The one place that picks the TCP calls of the operating system. */

import { linuxSockets } from "./linux/sockets.ts";
import type { Sockets } from "./sockets.ts";
import { unsupportedSockets } from "./unsupported.ts";
import { windowsSockets } from "./windows/sockets.ts";

/**
 * The TCP calls of this system. Where it is not supported, every call throws
 * `Deno.errors.NotSupported` with its name.
 */
export const sockets: Sockets = select(Deno.build.os);

/** What {@linkcode sockets} is on a given system. */
export function select(os: typeof Deno.build.os): Sockets {
  switch (os) {
    case "linux":
      return linuxSockets;
    case "windows":
      return windowsSockets;
    default:
      return unsupportedSockets(os);
  }
}
