// Echo server on Deno's own sockets, without timeouts.
//
//   deno run --allow-net deno_listen_echo.ts [--port 0]

const at = Deno.args.indexOf("--port");
const port = at < 0 ? 0 : Number(Deno.args[at + 1]);

async function handle(conn: Deno.TcpConn): Promise<void> {
  using _ = conn;
  conn.setNoDelay(true);
  const buf = new Uint8Array(64 * 1024);
  try {
    while (true) {
      const n = await conn.read(buf);
      if (n === null) return;
      let sent = 0;
      while (sent < n) sent += await conn.write(buf.subarray(sent, n));
    }
  } catch (error) {
    // A client that resets its connection ends only its own loop.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port });
console.log(`listening on 127.0.0.1:${listener.addr.port}`);
for await (const conn of listener) handle(conn);
