import { assert, assertEquals, assertThrows } from "@std/assert";
import { osError } from "../src/sys/error.ts";
import { ERROR_NUMBERS, errorName } from "../src/sys/errno.ts";
import { select, sockets } from "../src/sys/platform.ts";

Deno.test("an error says what could not be done, why, and which call failed", () => {
  const error = osError(111, "connect", "connect to 127.0.0.1:80");
  assert(error instanceof Deno.errors.ConnectionRefused);
  assertEquals(error.name, "ConnectionRefused");
  assertEquals(
    error.message,
    "Cannot connect to 127.0.0.1:80: connection refused " +
      "(ECONNREFUSED from connect)",
  );
  assertEquals(error.code, "ECONNREFUSED");
  assertEquals(error.errno, 111);
  assertEquals(error.syscall, "connect");
});

Deno.test("errors are of the Deno.errors class of their kind, others plain", () => {
  const expected: Record<string, string> = {
    EACCES: "PermissionDenied",
    EPERM: "PermissionDenied",
    ENOENT: "NotFound",
    EINTR: "Interrupted",
    EBADF: "BadResource",
    EAGAIN: "WouldBlock",
    EBUSY: "Busy",
    EEXIST: "AlreadyExists",
    ENOTDIR: "NotADirectory",
    EPIPE: "BrokenPipe",
    ESHUTDOWN: "BrokenPipe",
    ELOOP: "FilesystemLoop",
    ENOSYS: "NotSupported",
    EPROTONOSUPPORT: "NotSupported",
    ESOCKTNOSUPPORT: "NotSupported",
    EOPNOTSUPP: "NotSupported",
    EPFNOSUPPORT: "NotSupported",
    EAFNOSUPPORT: "NotSupported",
    EADDRINUSE: "AddrInUse",
    EADDRNOTAVAIL: "AddrNotAvailable",
    ENETUNREACH: "NetworkUnreachable",
    ECONNABORTED: "ConnectionAborted",
    ECONNRESET: "ConnectionReset",
    ENOTCONN: "NotConnected",
    ETIMEDOUT: "TimedOut",
    ECONNREFUSED: "ConnectionRefused",
  };
  for (const errno of ERROR_NUMBERS) {
    const name = errorName(errno);
    const error = osError(errno, "call", "do it");
    const expectedName = expected[name] ?? "Error";
    assertEquals(error.name, expectedName, name);
    const base = expectedName === "Error"
      ? Error
      : Deno.errors[expectedName as keyof typeof Deno.errors];
    assertEquals(error.constructor, base, name);
  }
});

Deno.test("an unknown number makes a plain error that tells it", () => {
  const error = osError(4711, "call", "do it");
  assertEquals(error.constructor, Error);
  assertEquals(
    error.message,
    "Cannot do it: unknown error 4711 (errno 4711 from call)",
  );
});

Deno.test("on a system that is not supported every call throws its name", () => {
  const unsupported = select("solaris");
  const names = Object.keys(sockets);
  assertEquals(Object.keys(unsupported).sort(), names.sort());
  for (const call of Object.values(unsupported)) {
    assertThrows(
      call as () => void,
      Deno.errors.NotSupported,
      "Cannot use TCP sockets: they are not supported on solaris",
    );
  }
});

Deno.test({
  name: "errors of Deno itself for the same failures are of the same classes",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const attempts: [number, () => unknown][] = [
      [98, () => Deno.listen({ hostname: "127.0.0.1", port })],
      [99, () => Deno.listen({ hostname: "203.0.113.1", port: 0 })],
      [101, () => Deno.connect({ hostname: "255.255.255.255", port: 1 })],
      [111, () => {
        listener.close();
        return Deno.connect({ hostname: "127.0.0.1", port });
      }],
    ];
    for (const [errno, attempt] of attempts) {
      try {
        await attempt();
        throw new Error("it did not fail");
      } catch (error) {
        const ours = osError(errno, "call", "do it");
        assertEquals((error as Error).constructor, ours.constructor);
        assertEquals((error as { code?: string }).code, ours.code);
      }
    }
  },
});

Deno.test({
  name:
    "without --allow-ffi the module loads, and the first call says what is missing",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const platform = new URL("../src/sys/platform.ts", import.meta.url).href;
    const code = `
      const { sockets } = await import(${JSON.stringify(platform)});
      console.log("loaded");
      try {
        sockets.recv(0, new Uint8Array(1), 1);
      } catch (error) {
        console.log(error.name + ": " + error.message);
      }`;
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/main.ts`, code);
      const args = ["run", "--no-prompt", "--no-config", "--no-check"];
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [...args, "--allow-read", "--allow-import", `${folder}/main.ts`],
      }).output();
      assertEquals(
        new TextDecoder().decode(stdout),
        "loaded\nNotCapable: Cannot call the operating system: requires ffi " +
          "access, run again with the --allow-ffi flag\n",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
