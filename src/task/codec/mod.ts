/**
 * How the arguments and the results of tasks travel between threads: encoded into
 * shared memory, and decoded from there.
 *
 * @module
 */
export { Decoder } from "./decoder.ts";
export { Encoder, MAX_DEPTH, type Packet } from "./encoder.ts";
