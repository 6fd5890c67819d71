/**
 * A TCP port where nobody listens, for tests of what happens then.
 *
 * The system hands out free ports in no fixed order, so that another program gets
 * this one at once is unlikely but possible.
 */
export function unusedPort(hostname: string = "127.0.0.1"): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
