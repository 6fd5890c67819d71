import { assertEquals } from "@std/assert";
import { net } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { startDeno } from "../helpers/subprocess.ts";
import { nameOfLoopback } from "./support.ts";

const FIXTURE = new URL("./fixtures/net_access.ts", import.meta.url).pathname;

/** What a program with these flags prints for its attempts. */
async function attempts(flags: string[], args: string[]): Promise<string[]> {
  await using child = startDeno([
    "run",
    "--no-prompt",
    "--allow-ffi",
    "--allow-read",
    ...flags,
    FIXTURE,
    ...args,
  ]);
  const { code } = await child.status();
  assertEquals(await child.stderr.rest(), []);
  assertEquals(code, 0);
  return await child.stdout.rest();
}

function denied(host: string): string {
  return `NotCapable: Requires net access to "${host}", ` +
    "run again with the --allow-net flag";
}

edoTest(
  "without --allow-net nothing can be bound and nothing connected to",
  async () => {
    assertEquals(
      await attempts([], ["listen 127.0.0.1 0", "connect ::1 80"]),
      [denied("127.0.0.1:0"), denied("[::1]:80")],
    );
  },
);

edoTest(
  "--allow-net for one port covers no other port, no other form of the host and no other host",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    const other = port === 80 ? 81 : 80;
    assertEquals(
      await attempts([`--allow-net=127.0.0.1:${port}`], [
        `connect 127.0.0.1 ${port}`,
        `connect ::ffff:127.0.0.1 ${port}`,
        `connect 127.0.0.1 ${other}`,
        `connect localhost ${port}`,
        `connect ::1 ${port}`,
        `listen 127.0.0.1 0`,
      ]),
      [
        "ok",
        "ok", // the same host, as Deno sees it
        denied(`127.0.0.1:${other}`),
        denied(`localhost:${port}`),
        denied(`[::1]:${port}`),
        denied("127.0.0.1:0"),
      ],
    );
  },
);

edoTest(
  "--allow-net for a host name covers the addresses that it stands for",
  async () => {
    using listener = net.TcpListener.bind({ hostname: "localhost", port: 0 });
    const { port } = listener.addr;
    assertEquals(
      await attempts([`--allow-net=localhost:${port},localhost:0`], [
        `connect localhost ${port}`,
        "listen localhost 0",
        `connect 127.0.0.1 ${port}`,
      ]),
      ["ok", "ok", denied(`127.0.0.1:${port}`)],
    );
  },
);

edoTest(
  "--deny-net for an address holds for the names that stand for it, and for its other forms",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    assertEquals(
      await attempts(["--allow-net", "--deny-net=127.0.0.1"], [
        `connect localhost ${port}`,
        `connect 127.0.0.1 ${port}`,
        `connect ::ffff:127.0.0.1 ${port}`,
        "listen localhost 0",
        "listen ::1 0",
      ]),
      [
        denied(`127.0.0.1:${port}`),
        denied(`127.0.0.1:${port}`),
        denied(`[::ffff:127.0.0.1]:${port}`),
        denied("127.0.0.1:0"),
        "ok",
      ],
    );
  },
);

edoTest(
  "brackets around an IPv6 address change nothing about its permission",
  async () => {
    using listener = net.TcpListener.bind({ hostname: "::1", port: 0 });
    const { port } = listener.addr;
    assertEquals(
      await attempts([`--allow-net=[::1]:${port}`], [
        `connect [::1] ${port}`,
        `connect ::1 ${port}`,
        `connect [::1] 80`,
      ]),
      ["ok", "ok", denied("[::1]:80")],
    );
  },
);

edoTest(
  "a name that is looked up needs permission for itself, and none of its addresses may be denied",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    const grant = `--allow-net=${nameOfLoopback}`;
    for (const verb of ["look", "connect"]) {
      const look = [`${verb} ${nameOfLoopback} ${port}`];
      assertEquals(await attempts([grant], look), ["ok"]);
      assertEquals(await attempts([grant, "--deny-net=127.0.0.1"], look), [
        denied(`127.0.0.1:${port}`),
      ]);
      assertEquals(await attempts([`${grant}:${port}`], look), [
        `NotCapable: Requires net access to "${nameOfLoopback}" to look it up, ` +
        "run again with the --allow-net flag",
      ]);
    }
  },
  { ignore: nameOfLoopback === null },
);

edoTest(
  "without --allow-ffi the first socket says which flag is missing",
  async () => {
    await using child = startDeno([
      "run",
      "--no-prompt",
      "--allow-net",
      FIXTURE,
      "listen 127.0.0.1 0",
    ]);
    assertEquals(
      await child.stdout.next(),
      "NotCapable: Cannot call the operating system: requires ffi access, run " +
        "again with the --allow-ffi flag",
    );
  },
);
