/** How an address is written: IPv6 in brackets, to tell its colons from the port's. */
export function formatAddress({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}
