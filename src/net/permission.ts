/**
 * Asks Deno for the permission to use a network address, as `Deno.listen` and
 * `Deno.connect` do: sockets opened through FFI would not be asked about.
 *
 * Where permission was neither granted nor denied and there is a terminal, the
 * user is asked, which blocks the thread until they answer.
 *
 * @param hostname The host name, or an address that a name stands for.
 * @throws {Deno.errors.NotCapable} If it is not granted.
 */
export function requireNet(hostname: string, port: number): void {
  // IPv6 addresses need brackets to tell their colons from the port's.
  const host = hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
  const descriptor = { name: "net", host } as const;
  let { state } = Deno.permissions.querySync(descriptor);
  if (state === "prompt") {
    state = Deno.permissions.requestSync(descriptor).state;
  }
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}
