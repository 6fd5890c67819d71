import type { Sockets } from "./sockets.ts";

/** For a system without TCP: whatever is called throws, and names the system. */
export function unsupportedSockets(os: string): Sockets {
  const fail = (): never => {
    throw new Deno.errors.NotSupported(
      `Cannot use TCP sockets: they are not supported on ${os}`,
    );
  };
  return {
    listen: fail,
    connect: fail,
    connectResult: fail,
    accept: fail,
    acceptedAddr: fail,
    recv: fail,
    peek: fail,
    send: fail,
    shutdown: fail,
    close: fail,
    localAddr: fail,
    remoteAddr: fail,
    getNoDelay: fail,
    setNoDelay: fail,
    getKeepAlive: fail,
    setKeepAlive: fail,
    getLinger: fail,
    setLinger: fail,
    getRecvBufferSize: fail,
    setRecvBufferSize: fail,
    getSendBufferSize: fail,
    setSendBufferSize: fail,
    interfaceIndex: fail,
  };
}
