/**
 * Bits that tell how a socket stands, the same for every backend. A backend
 * translates its system's own flags into these.
 */

/** A read, or an accept, is worth trying. */
export const READABLE = 1;
/** A write is worth trying, or a connect has come to its end. */
export const WRITABLE = 2;
/** The peer has sent its FIN, or the socket is dead: reads reach the end. */
export const READ_CLOSED = 4;
/** No write can succeed any more. */
export const WRITE_CLOSED = 8;
/**
 * The peer sends urgent data (RFC 6093). A read ends in front of it, whatever room
 * there is and whatever follows, so that a short read no longer shows that nothing
 * is left.
 */
export const URGENT = 16;

/** What concerns readers. */
export const READ_BITS: number = READABLE | READ_CLOSED;
/** What concerns writers. */
export const WRITE_BITS: number = WRITABLE | WRITE_CLOSED;
