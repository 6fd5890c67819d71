/** What sockets share: the devices that poll them, and their base handles. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { openError } from "../../src/sys/windows/afd_device.ts";
import { baseHandle } from "../../src/sys/windows/base_handle.ts";
import {
  SIO_BASE_HANDLE,
  SIO_BSP_HANDLE_POLL,
  STATUS_ACCESS_DENIED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_OBJECT_NAME_NOT_FOUND,
} from "../../src/sys/windows/constants.ts";
import {
  DevicePool,
  type SharedDevice,
  SOCKETS_PER_DEVICE,
} from "../../src/sys/windows/device_pool.ts";
import { randomNumbers } from "./support.ts";

class Device implements SharedDevice {
  users = 0;
  closed = false;
  close(): void {
    assert(!this.closed, "closed twice");
    assertEquals(this.users, 0, "closed while it is used");
    this.closed = true;
  }
}

Deno.test("sockets share devices in groups, and a new group gets a new one", () => {
  const pool = new DevicePool(() => new Device());
  const groups = 3;
  const taken = Array.from(
    { length: groups * SOCKETS_PER_DEVICE },
    () => pool.take(),
  );
  assertEquals(pool.size, groups);
  assertEquals(new Set(taken).size, groups);
  pool.take();
  assertEquals(pool.size, groups + 1);
});

Deno.test("a device that nobody uses is closed, but for one", () => {
  const pool = new DevicePool(() => new Device());
  const taken = Array.from(
    { length: 5 * SOCKETS_PER_DEVICE + 1 },
    () => pool.take(),
  );
  const random = randomNumbers(2);
  while (taken.length > 0) {
    pool.giveBack(taken.splice(random(taken.length), 1)[0]!);
  }
  assertEquals(pool.size, 1);
  const last = pool.take();
  assertEquals(pool.size, 1);
  pool.giveBack(last);
  pool.close();
  assertEquals(pool.size, 0);
  assert(last.closed);
});

Deno.test("a device that is kept for its room is closed when another one has room", () => {
  const pool = new DevicePool(() => new Device());
  const taken = Array.from({ length: SOCKETS_PER_DEVICE }, () => pool.take());
  const kept = pool.take();
  pool.giveBack(kept);
  assertEquals([pool.size, kept.closed], [2, false]);
  assert(pool.take() === kept, "it was not used again");
  pool.giveBack(kept);
  pool.giveBack(taken[0]!);
  assertEquals([pool.size, kept.closed], [1, true]);
});

Deno.test("a device with room is used before another is opened", () => {
  const pool = new DevicePool(() => new Device());
  const taken = Array.from({ length: 100 }, () => pool.take());
  const size = pool.size;
  for (let round = 0; round < 1_000; round++) {
    pool.giveBack(taken.shift()!);
    taken.push(pool.take());
  }
  assertEquals(pool.size, size);
});

Deno.test("a system without the driver is not supported, and other failures are their own", () => {
  const missing = openError(STATUS_OBJECT_NAME_NOT_FOUND);
  assertInstanceOf(missing, Deno.errors.NotSupported);
  assertEquals(
    missing.message,
    "Cannot open \\Device\\Afd\\Edo (0xC0000034): no such file or directory " +
      "(ENOENT from NtCreateFile)",
  );
  assertInstanceOf(missing.cause, Error);
  const denied = openError(STATUS_ACCESS_DENIED);
  assertInstanceOf(denied, Deno.errors.PermissionDenied);
  const noMemory = openError(STATUS_INSUFFICIENT_RESOURCES);
  assertEquals((noMemory as Error & { code: string }).code, "ENOMEM");
});

/** Minus `WSAENOTSOCK`, and minus `WSAEOPNOTSUPP`. */
const NOT_A_SOCKET = -10_038n;
const REFUSED = -10_045n;

Deno.test("a socket's base handle is what SIO_BASE_HANDLE says", () => {
  assertEquals(
    baseHandle(8, (_, code) => code === SIO_BASE_HANDLE ? 4n : 0n),
    4n,
  );
});

Deno.test("where a provider hides the base handle, those below are asked for it", () => {
  // 12 is layered on 8, and 8 on 4; the upper two refuse to tell the base.
  const asked: string[] = [];
  const handle = baseHandle(12, (socket, code) => {
    asked.push(`${socket} ${code.toString(16)}`);
    if (code === SIO_BASE_HANDLE) return socket === 4n ? 4n : REFUSED;
    return code === SIO_BSP_HANDLE_POLL ? socket - 4n : socket;
  });
  assertEquals(handle, 4n);
  assertEquals(asked, [
    "12 48000022",
    "12 4800001c",
    "12 4800001d",
    "8 48000022",
    "8 4800001c",
    "8 4800001d",
    "4 48000022",
  ]);
});

Deno.test("what is not a socket, or has no base, is told as Winsock tells it", () => {
  assertThrows(
    () => baseHandle(8, () => NOT_A_SOCKET),
    Error,
    "Cannot register socket 8: socket operation on non-socket",
  );
  assertThrows(
    () =>
      baseHandle(
        8,
        (socket, code) => code === SIO_BASE_HANDLE ? REFUSED : socket,
      ),
    Deno.errors.NotSupported,
    "Cannot register socket 8",
  );
});
