import { assertThrows } from "@std/assert";
import { Decoder, Encoder } from "../../../src/task/codec/mod.ts";

const encoder = new Encoder();
const decoder = new Decoder();
const BYTES = 1 << 22;
const memory = new Uint8Array(new SharedArrayBuffer(BYTES));

/** Where packets are put: not at the start, to find out who relies on it. */
const AT = 64;

/** Sends arguments through shared memory, and returns what arrives. */
export function send(
  args: unknown[],
  transfer: Transferable[] = [],
): unknown[] {
  const packet = encoder.encodeArguments("crunch", args, transfer);
  packet.copyTo(memory, AT);
  // What a MessagePort does with what goes beside the bytes.
  const attachments = packet.attachments === null ? null : structuredClone(
    packet.attachments,
    { transfer: [...packet.transfer] as ArrayBuffer[] },
  );
  packet.commit();
  return decoder.decode(memory, AT, attachments) as unknown[];
}

/** Sends one argument, and returns what arrives. */
export function trip<T>(value: T): T {
  return send([value])[0] as T;
}

/** Sends a result, and returns what arrives. */
export function tripResult(value: unknown): unknown {
  const packet = encoder.encodeResult("crunch", value);
  packet.copyTo(memory, AT);
  packet.commit();
  return decoder.decode(memory, AT);
}

/** Sends what a task threw, and returns what arrives. */
export function tripFailure(thrown: unknown): unknown {
  const packet = encoder.encodeFailure("crunch", thrown);
  packet.copyTo(memory, AT);
  packet.commit();
  return decoder.decode(memory, AT);
}

/** Arguments that cannot be sent, and the message that says why. */
export function assertRefused(args: unknown[], message: string): void {
  const error = assertThrows(
    () => encoder.encodeArguments("crunch", args),
    TypeError,
  );
  if (error.message !== message) {
    throw new Error(`expected: ${message}\n     got: ${error.message}`);
  }
  // The encoder is as good as new.
  const [after] = send([{ after: [1] }]) as [{ after: number[] }];
  if (after.after[0] !== 1) throw new Error("the encoder is broken");
}
