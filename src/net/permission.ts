/** What Deno is asked about: IPv6 needs brackets to tell its colons from the port's. */
function netDescriptor(hostname: string, port: number) {
  const host = hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
  return { name: "net", host } as const;
}

function notCapable(host: string): Error {
  return new Deno.errors.NotCapable(
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}

/**
 * Whether the whole network is permitted, with no exception: what is asked first.
 *
 * Deno remembers each address that a thread has asked it about for as long as the
 * thread lives, in some 400 bytes (Deno 2.9), and a program that connects to more
 * and more hosts and ports would never stop growing.
 */
function isAllPermitted(): boolean {
  const { state, partial } = Deno.permissions.querySync({ name: "net" });
  return state === "granted" && !partial;
}

/**
 * Asks Deno for the permission to use a network address, as `Deno.listen` and
 * `Deno.connect` do: sockets opened through FFI would not be asked about.
 *
 * Where permission was neither granted nor denied and there is a terminal, the
 * user is asked, which blocks the thread until they answer.
 *
 * @param hostname The host name or address, as the caller of `net` gave it.
 * @throws {Deno.errors.NotCapable} If it is not granted.
 */
export function requireNet(hostname: string, port: number): void {
  if (isAllPermitted()) return;
  const descriptor = netDescriptor(hostname, port);
  let { state } = Deno.permissions.querySync(descriptor);
  if (state === "prompt") {
    state = Deno.permissions.requestSync(descriptor).state;
  }
  if (state !== "granted") throw notCapable(descriptor.host);
}

/**
 * Sees to it that a host name is no way around `--deny-net`. As in Deno, the
 * permission for a name covers the addresses that it stands for, which nobody
 * could list in advance, except those that are denied.
 *
 * @param ip An address that a permitted name stands for.
 * @throws {Deno.errors.NotCapable} If it is denied.
 */
export function refuseDenied(ip: string, port: number): void {
  if (isAllPermitted()) return;
  const descriptor = netDescriptor(ip, port);
  const { state } = Deno.permissions.querySync(descriptor);
  if (state === "denied") throw notCapable(descriptor.host);
}
