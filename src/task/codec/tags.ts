/**
 * The format in which values travel.
 *
 * It is a row of 32-bit words in the machine's byte order, which is little-endian
 * wherever Deno runs. A value starts with a word that has its kind in the low
 * byte, and in the 24 bits above it a small number: the value of a small integer,
 * or a length. A length that does not fit there is the word after.
 *
 * Words and not bytes: a word takes as long to write, copy and read as a byte.
 *
 * After the words come the bytes of buffers, each on a multiple of 8.
 *
 * Memory is trusted: what is read was written by this version of the codec, in
 * the same process.
 *
 * @module
 */

/** The kind's bits in the first word of a value, without `SHARED`. */
export const KIND = 0xfe;

/**
 * Set in a value to which a `REF` leads: whoever reads it has to remember it. Most
 * values are met once only, and are not remembered.
 */
export const SHARED = 1;

/** The length that means: the next word has it. */
export const LONG = 0xff_ff_ff;

/** A whole number of 24 bits. */
export const INT24 = 0x02;
/** One of 32 bits: the next word. */
export const INT32 = 0x04;
/** The next two words. */
export const DOUBLE = 0x06;
/** A length in characters; that many bytes, filled up with zeros. */
export const LATIN1 = 0x08;
/** A length in UTF-16 units; twice as many bytes, filled up with zeros. */
export const UTF16 = 0x0a;
export const NULL = 0x0c;
export const UNDEFINED = 0x0e;
export const TRUE = 0x10;
export const FALSE = 0x12;
/** The next two words. */
export const BIGINT64 = 0x14;
/** A string: the number in hexadecimal. The 24 bits are 1 if it is negative. */
export const BIGINT = 0x16;
/** So many elements that an array does not have. */
export const HOLES = 0x18;
/** The place of the first word of a value that was there before. */
export const REF = 0x1a;
/** Ends what has no length. */
export const END = 0x1c;
/** Which of the attachments it is. */
export const ATTACHED = 0x1e;

/** A length in keys; key and value in turn. */
export const OBJECT = 0x20;
/** As `OBJECT`, without a prototype. */
export const NULL_OBJECT = 0x22;
/** A length in elements; the elements. */
export const ARRAY = 0x24;
/** A double. */
export const DATE = 0x26;
/** Key and value in turn, and `END`. */
export const MAP = 0x28;
/** The elements, and `END`. */
export const SET = 0x2a;
/** Source and flags. */
export const REGEXP = 0x2c;
/** The primitive value that the object wraps. */
export const BOXED = 0x2e;
/** Which class; byteOffset and length as doubles; the buffer. */
export const VIEW = 0x30;
/**
 * Three doubles: how many bytes; where they are, in bytes from the packet's start;
 * how many bytes the buffer may grow to, or -1.
 */
export const BUFFER = 0x32;
/** See `errors.ts`. */
export const ERROR = 0x34;
/** Which class of those met; if it is the first of them: module, name. The data. */
export const PORTABLE = 0x36;
/** The class's tag. The data. */
export const MOVED = 0x38;
