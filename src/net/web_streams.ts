import { abortable, type Future } from "../future/mod.ts";

/** What Web Streams need of a connection. */
export interface ByteStream {
  readonly isClosed: boolean;
  read(buffer: Uint8Array): Future<number | null>;
  writeAll(data: Uint8Array): Future<void>;
  shutdown(how: "read" | "write"): void;
  close(): void;
}

/** How many bytes one chunk holds at most. */
const CHUNK_BYTES = 64 * 1024;

/** The bytes that a stream receives; cancelling it ends that direction. */
export function readableOf(
  stream: ByteStream,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_BYTES,
    async pull(controller) {
      const request = controller.byobRequest!;
      const view = request.view!;
      const buffer = new Uint8Array(
        view.buffer as ArrayBuffer,
        view.byteOffset,
        view.byteLength,
      );
      const n = await stream.read(buffer);
      if (n === null) {
        controller.close();
        // A pending request has to be answered even when there is nothing.
        request.respond(0);
      } else {
        request.respond(n);
      }
    },
    cancel() {
      if (!stream.isClosed) stream.shutdown("read");
    },
  });
}

/** Where to write; closing it ends that direction, aborting closes the stream. */
export function writableOf(stream: ByteStream): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(chunk, { signal }) {
      // `abort` waits for the write that is under way, and a peer that does not
      // read would keep both waiting.
      await abortable(signal, stream.writeAll(chunk));
    },
    close() {
      stream.shutdown("write");
    },
    abort() {
      stream.close();
    },
  });
}
