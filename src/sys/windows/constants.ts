/**
 * Numbers of Windows' headers. A test compares them with what a C compiler says,
 * where its headers have them; `AFD_*` and `IOCTL_AFD_POLL` are in no public
 * header (see `layouts.ts`).
 *
 * @module
 */

// ntstatus.h: the outcome of a call into the kernel. As signed numbers, so that
// "less than zero" is "failed".
export const STATUS_SUCCESS = 0;
export const STATUS_TIMEOUT = 0x102;
export const STATUS_PENDING = 0x103;
export const STATUS_INVALID_HANDLE: number = 0xC0000008 | 0;
export const STATUS_NO_MEMORY: number = 0xC0000017 | 0;
export const STATUS_ACCESS_DENIED: number = 0xC0000022 | 0;
export const STATUS_OBJECT_TYPE_MISMATCH: number = 0xC0000024 | 0;
export const STATUS_OBJECT_NAME_NOT_FOUND: number = 0xC0000034 | 0;
export const STATUS_OBJECT_PATH_NOT_FOUND: number = 0xC000003A | 0;
export const STATUS_INSUFFICIENT_RESOURCES: number = 0xC000009A | 0;
export const STATUS_TOO_MANY_OPENED_FILES: number = 0xC000011F | 0;
export const STATUS_CANCELLED: number = 0xC0000120 | 0;
export const STATUS_NOT_FOUND: number = 0xC0000225 | 0;

// NtCreateFile (winternl.h, winnt.h).
export const SYNCHRONIZE = 0x00100000;
export const FILE_SHARE_READ = 1;
export const FILE_SHARE_WRITE = 2;
export const FILE_OPEN = 1;

/** SetFileCompletionNotificationModes (winbase.h). */
export const FILE_SKIP_SET_EVENT_ON_HANDLE = 2;

// VirtualAlloc, VirtualFree (winnt.h).
export const MEM_COMMIT = 0x1000;
export const MEM_RESERVE = 0x2000;
export const MEM_RELEASE = 0x8000;
export const PAGE_READWRITE = 4;

/** SetHandleInformation (winbase.h). */
export const HANDLE_FLAG_INHERIT = 1;

/** What the driver of sockets is asked with: `_AFD_CONTROL_CODE(AFD_POLL, …)`. */
export const IOCTL_AFD_POLL = 0x00012024;

/** Normal data can be read. */
export const AFD_POLL_RECEIVE = 0x001;
/** Data can be sent; also, a connect was successful. */
export const AFD_POLL_SEND = 0x004;
/** The peer has sent its FIN. */
export const AFD_POLL_DISCONNECT = 0x008;
/** The connection was reset. */
export const AFD_POLL_ABORT = 0x010;
/** The socket was closed on this side. */
export const AFD_POLL_LOCAL_CLOSE = 0x020;
/** A connection waits to be accepted. */
export const AFD_POLL_ACCEPT = 0x080;
/** A connect has failed. */
export const AFD_POLL_CONNECT_FAIL = 0x100;

// Sockets (winsock2.h, ws2def.h, ws2ipdef.h, mswsock.h).
export const WINSOCK_VERSION = 0x0202;
export const AF_INET = 2;
export const AF_INET6 = 23;
export const SOCK_STREAM = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 27;
export const SD_RECEIVE = 0;
export const SD_SEND = 1;
export const SD_BOTH = 2;
export const MSG_PEEK = 2;
export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
export const FIONBIO: number = 0x8004667E | 0;
export const SOL_SOCKET = 0xFFFF;
export const SO_KEEPALIVE = 0x0008;
export const SO_LINGER = 0x0080;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_ERROR = 0x1007;
export const SO_CONNECT_TIME = 0x700C;
export const TCP_NODELAY = 0x0001;
export const SIO_BASE_HANDLE = 0x48000022;
export const SIO_BSP_HANDLE = 0x4800001B;
export const SIO_BSP_HANDLE_SELECT = 0x4800001C;
export const SIO_BSP_HANDLE_POLL = 0x4800001D;
