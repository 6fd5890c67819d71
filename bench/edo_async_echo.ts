// The echo server in async/await style, hosted by Deno's event loop: what code
// pays that keeps its promises.
//
//   deno run --allow-ffi --allow-net --allow-read edo_async_echo.ts [--port 0] [--timeout 10]

import { net, time } from "../mod.ts";

function flag(name: string, otherwise: number): number {
  const at = Deno.args.indexOf(name);
  return at < 0 ? otherwise : Number(Deno.args[at + 1]);
}

const idleMs = flag("--timeout", 10) * 1_000;

async function handle(stream: net.TcpStream): Promise<void> {
  using _ = stream;
  stream.setNoDelay(true);
  const buf = new Uint8Array(64 * 1024);
  while (true) {
    const n = await time.timeout(idleMs, stream.read(buf));
    if (n === null) return;
    await stream.writeAll(buf, n);
  }
}

using listener = net.TcpListener.bind({
  hostname: "127.0.0.1",
  port: flag("--port", 0),
  backlog: 4096,
});
console.log(`listening on 127.0.0.1:${listener.addr.port}`);
while (true) {
  handle(await listener.accept()).catch((error) => {
    // A client that is gone or silent ends only its own loop.
    if (error instanceof time.TimeoutError) return;
    if (error instanceof Deno.errors.ConnectionReset) return;
    throw error;
  });
}
