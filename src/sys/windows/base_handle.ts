import { osError } from "../error.ts";
import {
  SIO_BASE_HANDLE,
  SIO_BSP_HANDLE,
  SIO_BSP_HANDLE_POLL,
  SIO_BSP_HANDLE_SELECT,
} from "./constants.ts";
import { errnoOfWsa } from "./wsa_error.ts";
import { ws2 } from "./ws2_32.ts";

/** `WSAENOTSOCK`: not a socket at all. */
const WSAENOTSOCK = 10038;

/** An ioctl that returns a handle: that, or minus Winsock's error. */
export type HandleIoctl = (socket: bigint, code: number) => bigint;

const output = new BigUint64Array(1);
const outputBytes = new Uint8Array(output.buffer);
const outputLength = new Uint8Array(4);

/** {@linkcode HandleIoctl} by Winsock. */
function wsaIoctl(socket: bigint, code: number): bigint {
  const result = ws2.WSAIoctl(
    socket,
    code,
    null,
    0,
    outputBytes,
    outputBytes.length,
    outputLength,
    null,
    null,
  );
  return result === 0 ? output[0]! : -BigInt(ws2.WSAGetLastError());
}

/**
 * The handle that the driver knows a socket by. Providers that other software
 * layers on top of Winsock give out handles of their own, which the driver
 * refuses.
 *
 * Some of them also refuse to tell the handle below. The ioctls that `select` and
 * `WSAPoll` use internally get past those; what they return is of use only if it
 * differs from what they were asked about, and then the base may be further below.
 *
 * @param ioctl Winsock's, but for tests.
 * @throws What Winsock says, such as `ENOTSOCK`.
 */
export function baseHandle(
  socket: number,
  ioctl: HandleIoctl = wsaIoctl,
): bigint {
  let handle = BigInt(socket);
  // Each round goes down one layer; nobody has layers without end.
  for (let layer = 0; layer < 16; layer++) {
    const base = ioctl(handle, SIO_BASE_HANDLE);
    if (base > 0n) return base;
    const below = base === BigInt(-WSAENOTSOCK)
      ? null
      : layerBelow(handle, ioctl);
    if (below === null) {
      throw osError(
        errnoOfWsa(Number(-base)),
        "WSAIoctl",
        `register socket ${socket}`,
      );
    }
    handle = below;
  }
  throw new Error(
    `Cannot register socket ${socket}: its providers form a ring`,
  );
}

function layerBelow(handle: bigint, ioctl: HandleIoctl): bigint | null {
  for (
    const code of [SIO_BSP_HANDLE_SELECT, SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE]
  ) {
    const below = ioctl(handle, code);
    if (below > 0n && below !== handle) return below;
  }
  return null;
}
