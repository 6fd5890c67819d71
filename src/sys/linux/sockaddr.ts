/**
 * `sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)). Linux on x86-64 and aarch64
 * is little-endian, while ports and addresses are in network order, which is big.
 *
 * | offset | `sockaddr_in`   | `sockaddr_in6`       |
 * | -----: | --------------- | -------------------- |
 * |      0 | family, `u16`   | family, `u16`        |
 * |      2 | port, big `u16` | port, big `u16`      |
 * |      4 | address, 4      | flow label, `u32`    |
 * |      8 | padding, 8      | address, 16          |
 * |     24 |                 | scope, `u32`         |
 */

import { formatIp, type SocketAddr } from "../addr.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

/** The size of a `sockaddr_in`. */
export const SOCKADDR_IN_BYTES = 16;
/** The size of a `sockaddr_in6`, the larger of the two. */
export const SOCKADDR_IN6_BYTES = 28;

/** The address family of `addr`, as `socket` takes it. */
export function addressFamily(addr: SocketAddr): number {
  return addr.family === 4 ? AF_INET : AF_INET6;
}

/** The C form of `addr`. */
export function encodeSockaddr(addr: SocketAddr): Uint8Array<ArrayBuffer> {
  const isIpv4 = addr.family === 4;
  const bytes = new Uint8Array(isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, addressFamily(addr), true);
  view.setUint16(2, addr.port);
  bytes.set(addr.bytes, isIpv4 ? 4 : 8);
  if (!isIpv4) view.setUint32(24, addr.scopeId, true);
  return bytes;
}

/** What the system wrote into a buffer of `SOCKADDR_IN6_BYTES` bytes. */
export function decodeSockaddr(bytes: Uint8Array): Deno.NetAddr {
  const isIpv4 = (bytes[0]! | bytes[1]! << 8) === AF_INET;
  const hostname = isIpv4
    ? formatIp({ family: 4, bytes: bytes.subarray(4, 8) })
    : formatIp({ family: 6, bytes: bytes.subarray(8, 24) });
  return { transport: "tcp", hostname, port: bytes[2]! << 8 | bytes[3]! };
}
