import { formatIp, type SocketAddr } from "../addr.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";
import { SOCKADDR_IN, SOCKADDR_IN6 } from "./layouts.ts";

/** The address family of `addr`, as `WSASocketW` takes it. */
export function addressFamily(addr: SocketAddr): number {
  return addr.family === 4 ? AF_INET : AF_INET6;
}

/** The C form of `addr`. */
export function encodeSockaddr(addr: SocketAddr): Uint8Array<ArrayBuffer> {
  const layout = addr.family === 4 ? SOCKADDR_IN : SOCKADDR_IN6;
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  view.setUint16(layout.family, addressFamily(addr), true);
  view.setUint16(layout.port, addr.port);
  bytes.set(addr.bytes, layout.address);
  if (addr.family === 6) {
    view.setUint32(SOCKADDR_IN6.scopeId, addr.scopeId, true);
  }
  return bytes;
}

/** What the system wrote into a buffer with room for a `SOCKADDR_IN6`. */
export function decodeSockaddr(bytes: Uint8Array): Deno.NetAddr {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(SOCKADDR_IN.family, true) === AF_INET ? 4 : 6;
  const start = family === 4 ? SOCKADDR_IN.address : SOCKADDR_IN6.address;
  const address = bytes.subarray(start, start + (family === 4 ? 4 : 16));
  return {
    transport: "tcp",
    hostname: formatIp({ family, bytes: address }),
    port: view.getUint16(SOCKADDR_IN.port),
  };
}
