import {
  type Report,
  requestBytes,
  requestIds,
  type Target,
} from "../lib/course.ts";

/** `std-seq-calls`: Deno's own sockets, one request after another. */
export async function stdSeqCalls(
  target: Target,
  report: Report,
): Promise<void> {
  for (const id of requestIds(target)) {
    report.reply(id, ...await exchange(target, id));
  }
}

/**
 * `std-non-blocking-calls`: Deno's own sockets, all at once. `await` gives way to
 * the others; who waits for the sockets is Deno's event loop, which is tokio.
 */
export async function stdNonBlockingCalls(
  target: Target,
  report: Report,
): Promise<void> {
  await Promise.all(
    requestIds(target).map(async (id) => {
      report.reply(id, ...await exchange(target, id));
    }),
  );
}

/** One request, as a promise of all that comes back. */
export async function exchange(
  target: Target,
  id: number,
): Promise<Uint8Array[]> {
  using connection = await Deno.connect(target);
  const bytes = requestBytes(target, id);
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
  return await Array.fromAsync(connection.readable);
}
