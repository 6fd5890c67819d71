import {
  AF_INET,
  AF_INET6,
  MSG_NOSIGNAL,
  SOCK_STREAM,
} from "../../src/sys/linux/constants.ts";
import { errno, libc } from "../../src/sys/linux/libc.ts";
import { encodeSockaddr } from "../../src/sys/linux/sockaddr.ts";
import { osError } from "../../src/sys/error.ts";
import {
  type Report,
  requestBytes,
  requestIds,
  type Target,
} from "../lib/course.ts";

/**
 * `seq-calls`: one request after another, on sockets that block. Each call returns
 * when it is done; until then the system lets the thread sleep.
 */
export function seqCalls(target: Target, report: Report): void {
  for (const id of requestIds(target)) {
    report.reply(id, ...exchange(target, id));
  }
}

/** Sends a request and returns all that comes back, up to the end of the stream. */
function exchange(target: Target, id: number): Uint8Array[] {
  const { address } = target;
  const family = address.family === 4 ? AF_INET : AF_INET6;
  const fd = check("socket", libc.socket(family, SOCK_STREAM, 0));
  try {
    const sockaddr = encodeSockaddr(address);
    check("connect", libc.connect(fd, sockaddr, sockaddr.length));
    sendAll(fd, requestBytes(target, id));
    const received: Uint8Array[] = [];
    while (true) {
      const buffer = new Uint8Array(4096);
      // Here the thread sleeps for as long as the server takes.
      const n = check("recv", libc.recv(fd, buffer, buffer.length, 0));
      if (n === 0) return received;
      received.push(buffer.subarray(0, n));
    }
  } finally {
    libc.close(fd);
  }
}

/** The system may take only some of the bytes. */
function sendAll(fd: number, bytes: Uint8Array<ArrayBuffer>): void {
  for (let sent = 0; sent < bytes.length;) {
    const rest = bytes.subarray(sent);
    sent += check("send", libc.send(fd, rest, rest.length, MSG_NOSIGNAL));
  }
}

/** In C a call that fails returns -1, and `errno` says why. */
function check(syscall: string, result: number): number {
  if (result < 0) throw osError(errno[0]!, syscall, "make a request");
  return result;
}
