/** IP addresses as text and as bytes: RFC 4291, RFC 4007 (scopes), RFC 5952. */

/** An IP address and a port, in the form in which systems take them. */
export interface SocketAddr {
  /** The version of IP. */
  readonly family: 4 | 6;
  /** The address in network order: 4 bytes or 16. */
  readonly bytes: Uint8Array;
  /** The port, 0 to 65535. */
  readonly port: number;
  /** The index of the interface that a link-local address belongs to; else 0. */
  readonly scopeId: number;
}

/** How many 16-bit groups an IPv6 address has. */
const GROUPS = 8;

/** The first six groups of an IPv6 address that wraps an IPv4 one: `::ffff:0:0/96`. */
const MAPPED_PREFIX = "0,0,0,0,0,65535";

/** Exactly four decimal numbers, without leading zeros: some read those as octal. */
function parseIpv4(text: string): number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    bytes.push(Number(part));
  }
  return bytes;
}

/** The groups on one side of a `::`. Only the end of an address may be dotted. */
function parseGroups(text: string, mayEndDotted: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    const isEnd = i === parts.length - 1;
    const [a, b, c, d] = (isEnd && mayEndDotted && parseIpv4(part)) || [];
    if (d === undefined) return null;
    groups.push(a! << 8 | b!, c! << 8 | d);
  }
  return groups;
}

function parseIpv6(text: string): Uint8Array | null {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return null;
  const head = parseGroups(before, after === undefined);
  const tail = parseGroups(after ?? "", true);
  if (head === null || tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  // A `::` stands for one group of zeros at least.
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

/** An address without its port; the scope as it was written, if there is one. */
interface Literal {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  readonly scope: string | null;
}

function parseLiteral(text: string): Literal | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) {
    return { family: 4, bytes: Uint8Array.from(ipv4), scope: null };
  }
  const percent = text.indexOf("%");
  const scope = percent < 0 ? null : text.slice(percent + 1);
  if (scope !== null && !isScope(scope)) return null;
  const bytes = parseIpv6(percent < 0 ? text : text.slice(0, percent));
  return bytes && { family: 6, bytes, scope };
}

/** A 32-bit number, or what Linux allows as the name of an interface. */
function isScope(scope: string): boolean {
  return isDecimal(scope)
    ? Number(scope) < 2 ** 32
    : /^[^\s/%]{1,15}$/.test(scope);
}

function isDecimal(text: string): boolean {
  return /^\d+$/.test(text);
}

/**
 * Whether `text` is an IP address rather than a host name. The old short forms
 * (`127.1`, `0x7f000001`) are none: what they mean depends on who reads them.
 */
export function isIpLiteral(text: string): boolean {
  return parseLiteral(text) !== null;
}

/**
 * Reads an IP address: `127.0.0.1`, `::1`, `::ffff:10.0.0.1`, `fe80::1%2`,
 * `fe80::1%eth0`; IPv6 without brackets.
 *
 * @param interfaceIndex Finds the scope of an address that names an interface, 0
 * for none: `sockets.interfaceIndex`. Without it only numbers are understood.
 * @throws {TypeError} If it is no IP address.
 * @throws {RangeError} If the port is none.
 * @throws {Deno.errors.NotFound} If there is no interface of that name.
 */
export function parseIp(
  text: string,
  port: number,
  interfaceIndex: (name: string) => number = () => 0,
): SocketAddr {
  const literal = parseLiteral(text);
  if (literal === null) {
    throw new TypeError(
      `Cannot parse address ${JSON.stringify(text)}: ` +
        "it is neither an IPv4 nor an IPv6 address",
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot parse address ${JSON.stringify(text)}: port is ${port}, ` +
        "not a whole number from 0 to 65535",
    );
  }
  const { family, bytes, scope } = literal;
  let scopeId = 0;
  if (scope !== null) {
    scopeId = isDecimal(scope) ? Number(scope) : interfaceIndex(scope);
    if (scopeId === 0 && !isDecimal(scope)) {
      throw new Deno.errors.NotFound(
        `Cannot parse address ${JSON.stringify(text)}: ` +
          `there is no network interface "${scope}"`,
      );
    }
  }
  return { family, bytes, port, scopeId };
}

/** Four bytes as `127.0.0.1`. */
function formatIpv4(bytes: Uint8Array): string {
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** Where the longest run of zeros starts, the first of equals, and its length. */
function longestZeros(groups: readonly number[]): [number, number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best[1]) best = [start, i - start];
    start = i + 1;
  }
  return best;
}

function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    groups.push(bytes[i]! << 8 | bytes[i + 1]!);
  }
  if (groups.slice(0, 6).join() === MAPPED_PREFIX) {
    return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  }
  const hex = groups.map((group) => group.toString(16));
  const [start, length] = longestZeros(groups);
  // RFC 5952, section 4.2.2: a single group of zeros is written out.
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${
    hex.slice(start + length).join(":")
  }`;
}

/**
 * Writes the address of `addr` in its canonical form (RFC 5952), an IPv4 address
 * inside IPv6 dotted, and the scope left out: what Deno has as a `hostname`.
 */
export function formatIp(
  addr: Pick<SocketAddr, "family" | "bytes">,
): string {
  return addr.family === 4 ? formatIpv4(addr.bytes) : formatIpv6(addr.bytes);
}

/** Writes `addr` with its port, for messages: `[fe80::1%2]:80`. */
export function formatSocketAddr(addr: SocketAddr): string {
  if (addr.family === 4) return `${formatIp(addr)}:${addr.port}`;
  const scope = addr.scopeId === 0 ? "" : `%${addr.scopeId}`;
  return `[${formatIp(addr)}${scope}]:${addr.port}`;
}
