/**
 * TCP on the reactor.
 *
 * @module
 */
export type { TcpAddress } from "./address.ts";
export { TcpListener, type TcpListenOptions } from "./tcp_listener.ts";
export { TcpStream } from "./tcp_stream.ts";
