import type { Coroutine, net } from "../../mod.ts";

/** Sends back what comes, up to its end. */
export function* echo(stream: net.TcpStream, size = 4096): Coroutine<void> {
  using _ = stream;
  const buffer = new Uint8Array(size);
  for (;;) {
    const n = yield* stream.read(buffer);
    if (n === null) return;
    yield* stream.writeAll(buffer, n);
  }
}
