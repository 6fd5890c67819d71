import { describe } from "../future/mod.ts";
import { isIpLiteral, parseIp, type SocketAddr } from "../sys/addr.ts";
import { sockets } from "../sys/platform.ts";

/** Where to listen or connect to. */
export interface TcpAddress {
  /** An IP address or a host name; `127.0.0.1` if left out. */
  hostname?: string;
  /** The port, 0 to 65535. Listening on 0 takes a free one. */
  port: number;
}

/** A checked address: the name as it was given, without brackets, and the port. */
export interface CheckedAddress {
  readonly hostname: string;
  readonly port: number;
  /** As people write it, with brackets around IPv6. */
  readonly text: string;
}

/** How an address is written in messages. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

/**
 * Checks what a user passed as an address.
 *
 * @param verb What is to be done with it, for the error: `listen` or `connect`.
 * @throws {TypeError} If a field has the wrong type.
 * @throws {RangeError} If the port is none.
 */
export function checkAddress(
  verb: string,
  address: TcpAddress,
): CheckedAddress {
  if (typeof address !== "object" || address === null) {
    throw new TypeError(
      `Cannot ${verb}: the address is ${
        describe(address, false)
      }, not { hostname, port }`,
    );
  }
  const { hostname = "127.0.0.1", port } = address;
  if (typeof hostname !== "string" || hostname === "") {
    throw new TypeError(
      `Cannot ${verb}: hostname is ${describe(hostname)}, not a name`,
    );
  }
  if (typeof port !== "number") {
    throw new TypeError(
      `Cannot ${verb}: port is ${describe(port, false)}, not a number`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot ${verb}: port is ${port}, not a whole number from 0 to 65535`,
    );
  }
  const name = withoutBrackets(hostname);
  const text = formatAddress(describe(name, false), port);
  return { hostname: name, port, text };
}

/** As in a URL, an IPv6 address may stand in brackets. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*:.*)\]$/, "$1");
}

/** Reads an IP address; an interface that it names is this machine's. */
export function parseAddress(ip: string, port: number): SocketAddr {
  return parseIp(ip, port, sockets.interfaceIndex);
}

/**
 * The addresses that a name stands for without asking anybody: its own, if it is
 * an IP address, and those of `localhost` (RFC 6761, section 6.3).
 */
export function knownAddresses(hostname: string, port: number): SocketAddr[] {
  if (isIpLiteral(hostname)) return [parseAddress(hostname, port)];
  if (/^localhost\.?$/i.test(hostname)) {
    return [parseIp("127.0.0.1", port), parseIp("::1", port)];
  }
  return [];
}
