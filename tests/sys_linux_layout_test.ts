/**
 * What `src/sys/` holds to be true of C: every constant, every error number, and
 * where each field of a struct lies, asked of a C compiler. Where there is none,
 * the C library and the kernel are asked at run time, as far as that goes.
 */

import { assert, assertEquals } from "@std/assert";
import { parseIp } from "../src/sys/addr.ts";
import { ERROR_NUMBERS, errorName, errorText } from "../src/sys/errno.ts";
import * as constants from "../src/sys/linux/constants.ts";
import { Epoll } from "../src/sys/linux/epoll.ts";
import * as eventfd from "../src/sys/linux/eventfd.ts";
import {
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN_BYTES,
} from "../src/sys/linux/sockaddr.ts";
import { IN_PROGRESS, WOULD_BLOCK } from "../src/sys/sockets.ts";

const ignore = Deno.build.os !== "linux";

const HEADERS = [
  "arpa/inet.h",
  "errno.h",
  "netinet/in.h",
  "netinet/tcp.h",
  "stddef.h",
  "stdint.h",
  "stdio.h",
  "string.h",
  "sys/epoll.h",
  "sys/eventfd.h",
  "sys/socket.h",
  "time.h",
];

/**
 * Compiles and runs the body of a C program and returns the lines it prints, or
 * null, with a warning, where there is no compiler.
 */
async function runC(body: string): Promise<string[] | null> {
  const folder = await Deno.makeTempDir();
  try {
    const includes = HEADERS.map((name) => `#include <${name}>`);
    const source = ["#define _GNU_SOURCE", ...includes, "int main(void) {"]
      .concat(body, "return 0; }", "").join("\n");
    await Deno.writeTextFile(`${folder}/probe.c`, source);
    const args = ["-o", `${folder}/probe`, `${folder}/probe.c`];
    const compiled = await new Deno.Command("cc", { args }).output();
    assert(compiled.success, new TextDecoder().decode(compiled.stderr));
    const ran = await new Deno.Command(`${folder}/probe`).output();
    assert(ran.success);
    return new TextDecoder().decode(ran.stdout).trim().split("\n");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn(
      "WARNING: there is no C compiler (cc): layouts and constants are checked " +
        "only by what the system does with them at run time",
    );
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "every constant has the value that the C compiler gives its name",
  ignore,
  fn: async () => {
    const entries = Object.entries(constants);
    const printed = await runC(
      entries.map(([name]) => `printf("%d\\n", (int) ${name});`).join("\n"),
    );
    if (printed === null) return;
    assertEquals(
      entries.map(([name, value]) => `${name} ${value}`),
      entries.map(([name], i) => `${name} ${printed[i]}`),
    );
  },
});

Deno.test({
  name: "the contract's two results are minus EAGAIN and minus EINPROGRESS",
  ignore,
  fn: () => {
    assertEquals(WOULD_BLOCK, -constants.EAGAIN);
    assertEquals(IN_PROGRESS, -constants.EINPROGRESS);
  },
});

Deno.test({
  name: "each error's number, name and text are those of the C library",
  ignore,
  fn: async () => {
    const printed = await runC(
      ERROR_NUMBERS.map((errno) =>
        `printf("%d %s\\n", ${errorName(errno)}, strerror(${errno}));`
      ).join("\n"),
    ) ?? strerrorAtRunTime();
    // C starts the text with a capital; here it stands inside a sentence.
    const lowered = printed.map((line) =>
      line.replace(/^\d+ ./, (start) => start.toLowerCase())
    );
    assertEquals(
      ERROR_NUMBERS.map((errno) => `${errno} ${errorText(errno)}`),
      lowered,
    );
  },
});

/** The same lines from the running C library; names are checked only here. */
function strerrorAtRunTime(): string[] {
  const libc = Deno.dlopen("libc.so.6", {
    strerror: { parameters: ["i32"], result: "pointer" },
    strerrorname_np: { parameters: ["i32"], result: "pointer" },
  });
  const { strerror, strerrorname_np } = libc.symbols;
  const text = (pointer: Deno.PointerValue) =>
    Deno.UnsafePointerView.getCString(pointer!);
  try {
    return ERROR_NUMBERS.map((errno) => {
      assertEquals(errorName(errno), text(strerrorname_np(errno)));
      return `${errno} ${text(strerror(errno))}`;
    });
  } finally {
    libc.close();
  }
}

Deno.test({
  name: "an error number that is not in the table is still told",
  fn: () => {
    assertEquals(errorName(4711), "errno 4711");
    assertEquals(errorText(4711), "unknown error 4711");
  },
});

/** Prints all bytes of the variable `s`, in hex. */
const PRINT_S = `
  for (size_t i = 0; i < sizeof s; i++) printf("%02x", ((uint8_t *) &s)[i]);
  printf("\\n");`;

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

Deno.test({
  name:
    "a sockaddr_in and a sockaddr_in6 are byte for byte what C makes of them",
  ignore,
  fn: async () => {
    const printed = await runC(`
      { struct sockaddr_in s = { 0 };
        s.sin_family = AF_INET; s.sin_port = htons(4660);
        inet_pton(AF_INET, "192.0.2.77", &s.sin_addr); ${PRINT_S} }
      { struct sockaddr_in6 s = { 0 };
        s.sin6_family = AF_INET6; s.sin6_port = htons(65534);
        s.sin6_scope_id = 0x01020304;
        inet_pton(AF_INET6, "fe80::1:2:3", &s.sin6_addr); ${PRINT_S} }`);
    const ipv4 = encodeSockaddr(parseIp("192.0.2.77", 4660));
    const ipv6 = encodeSockaddr(parseIp(`fe80::1:2:3%${0x01020304}`, 65_534));
    assertEquals(ipv4.length, SOCKADDR_IN_BYTES);
    assertEquals(ipv6.length, SOCKADDR_IN6_BYTES);
    if (printed !== null) assertEquals([hex(ipv4), hex(ipv6)], printed);

    const room = new Uint8Array(SOCKADDR_IN6_BYTES);
    room.set(ipv4);
    const transport = "tcp";
    assertEquals(
      decodeSockaddr(room),
      { transport, hostname: "192.0.2.77", port: 4660 },
    );
    assertEquals(
      decodeSockaddr(ipv6),
      { transport, hostname: "fe80::1:2:3", port: 65_534 },
    );
  },
});

Deno.test({
  name:
    "epoll_event has the size and the offsets that the accessors reckon with",
  ignore,
  fn: async () => {
    const printed = await runC(`
      printf("%zu %zu %zu\\n", sizeof(struct epoll_event),
        offsetof(struct epoll_event, events),
        offsetof(struct epoll_event, data));`);
    if (printed === null) return;
    const packed = Deno.build.arch === "x86_64";
    assertEquals(printed, [packed ? "12 0 4" : "16 0 8"]);
  },
});

Deno.test({
  name: "keys and generations of many events come back from the kernel unmixed",
  ignore,
  fn: () => {
    const epoll = new Epoll();
    const fds = Array.from({ length: 50 }, () => eventfd.create());
    try {
      for (const [i, fd] of fds.entries()) {
        eventfd.signal(fd);
        const generation = -2_147_483_648 + i;
        assertEquals(epoll.add(fd, constants.EPOLLIN, i, generation), 0);
      }
      const count = epoll.wait(0);
      const seen = Array.from({ length: count }, (_, i) => i).map((i) => [
        epoll.key(i),
        epoll.generation(i),
        epoll.flags(i),
      ]).sort(([a], [b]) => a! - b!);
      assertEquals(
        seen,
        fds.map((_, i) => [i, -2_147_483_648 + i, constants.EPOLLIN]),
      );
    } finally {
      epoll.close();
      fds.forEach(eventfd.close);
    }
  },
});

Deno.test({
  name: "linger, timespec, socklen_t and int are laid out as the calls assume",
  ignore,
  fn: async () => {
    const printed = await runC(`
      printf("%zu %zu %zu\\n", sizeof(struct linger),
        offsetof(struct linger, l_onoff), offsetof(struct linger, l_linger));
      printf("%zu %zu %zu\\n", sizeof(struct timespec),
        offsetof(struct timespec, tv_sec), offsetof(struct timespec, tv_nsec));
      printf("%zu %zu %zu %zu\\n", sizeof(socklen_t), sizeof(int),
        sizeof(((struct timespec *) 0)->tv_nsec), sizeof(eventfd_t));
      printf("%d\\n", __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);`);
    if (printed === null) return;
    assertEquals(printed, ["8 0 4", "16 0 8", "4 4 8 8", "1"]);
  },
});
