/**
 * Looks a host name up: in the machine's list of hosts, then at its name servers.
 * Deno's own resolver does so off the thread, and its answer needs Deno's loop.
 *
 * @returns The addresses, as text, in the order in which they are to be tried.
 */
export async function lookUp(hostname: string): Promise<string[]> {
  const dns = await import("node:dns/promises");
  const answers = await dns.lookup(hostname, { all: true });
  return answers.map(({ address }) => address);
}
