/**
 * Handles, as Windows lists them: those of other processes too.
 *
 * `GetProcessHandleCount` would be shorter, but under Wine 10 it says 0 of every
 * process.
 *
 * @module
 */
import { parseIp } from "../../src/sys/addr.ts";
import { windowsSockets as sockets } from "../../src/sys/windows/sockets.ts";

const { kernel32, ntdll } = Deno.build.os !== "windows"
  ? { kernel32: null, ntdll: null }
  : {
    kernel32: Deno.dlopen("kernel32.dll", {
      GetHandleInformation: { parameters: ["u64", "buffer"], result: "i32" },
      CreateIoCompletionPort: {
        parameters: ["u64", "u64", "u64", "u32"],
        result: "u64",
      },
      CloseHandle: { parameters: ["u64"], result: "i32" },
    }).symbols,
    ntdll: Deno.dlopen("ntdll.dll", {
      NtQuerySystemInformation: {
        parameters: ["u32", "buffer", "u32", "pointer"],
        result: "u32",
      },
    }).symbols,
  };

/** `SystemExtendedHandleInformation`: all handles of all processes. */
const ALL_HANDLES = 64;
const STATUS_INFO_LENGTH_MISMATCH = 0xC000_0004;

/** `SYSTEM_HANDLE_INFORMATION_EX`: a count, a reserved word, and entries. */
const ENTRIES_AT = 16;
/** `SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX`, on 64 bits. */
const ENTRY = { size: 40, process: 8, handle: 16, type: 30 } as const;

/** A handle: its value, and what kind of thing it is of, as a number. */
interface Handle {
  readonly value: number;
  readonly type: number;
}

let table = new Uint8Array(256 * 1024);

/** The handles of a process. */
function handlesOf(pid: number): Handle[] {
  for (;;) {
    const { NtQuerySystemInformation } = ntdll!;
    const { length } = table;
    const status = NtQuerySystemInformation(ALL_HANDLES, table, length, null);
    if (status === 0) break;
    if (status !== STATUS_INFO_LENGTH_MISMATCH) {
      throw new Error(`Cannot list handles: status 0x${status.toString(16)}`);
    }
    table = new Uint8Array(2 * length);
  }
  const view = new DataView(table.buffer);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  const handles: Handle[] = [];
  const end = ENTRIES_AT + word(0) * ENTRY.size;
  for (let at = ENTRIES_AT; at < end; at += ENTRY.size) {
    if (word(at + ENTRY.process) !== pid) continue;
    const type = view.getUint16(at + ENTRY.type, true);
    handles.push({ value: word(at + ENTRY.handle), type });
  }
  return handles;
}

/** How many handles a process has. */
export function handleCount(pid: number = Deno.pid): number {
  return handlesOf(pid).length;
}

/** The types of sockets' handles, which files and devices have too, and of ports'. */
interface Types {
  readonly file: number;
  readonly port: number;
}

let types: Types | undefined;

function typesOfHandles(): Types {
  if (types !== undefined) return types;
  const options = { backlog: 1, reusePort: false };
  const socket = sockets.listen(parseIp("127.0.0.1", 0), options);
  const noFile = 2n ** 64n - 1n;
  const port = kernel32!.CreateIoCompletionPort(noFile, 0n, 0n, 0);
  const handles = handlesOf(Deno.pid);
  const typeOf = (it: number) =>
    handles.find(({ value }) => value === it)!.type;
  types = { file: typeOf(socket), port: typeOf(Number(port)) };
  sockets.close(socket);
  kernel32!.CloseHandle(port);
  return types;
}

/**
 * How many handles of sockets, files and devices a process has. Threads, which the
 * engine starts and ends as it likes, are none of them, nor what they wait for.
 */
export function fileHandleCount(pid: number = Deno.pid): number {
  const { file } = typesOfHandles();
  return handlesOf(pid).filter(({ type }) => type === file).length;
}

/** What this process holds of a kind of which tests can leave something behind. */
export class HandleHoldings {
  readonly #ports: number;
  readonly #sockets: number;

  private constructor(ports: number, sockets: number) {
    this.#ports = ports;
    this.#sockets = sockets;
  }

  static now(): HandleHoldings {
    const { file, port } = typesOfHandles();
    const handles = handlesOf(Deno.pid);
    // Files are left out: Deno opens some when it first needs them.
    return new HandleHoldings(
      handles.filter(({ type }) => type === port).length,
      handles.filter(({ type, value }) => type === file && isSocket(value))
        .length,
    );
  }

  /** What is there now and was not before. */
  since(before: HandleHoldings): string[] {
    const lines: string[] = [];
    const ports = this.#ports - before.#ports;
    if (ports > 0) lines.push(`${ports} more completion ports`);
    const more = this.#sockets - before.#sockets;
    if (more > 0) lines.push(`${more} more sockets`);
    return lines;
  }
}

function isSocket(handle: number): boolean {
  try {
    sockets.getRecvBufferSize(handle);
    return true;
  } catch {
    return false;
  }
}

/** Whether programs that this one starts would have the handle too. */
export function isInheritable(handle: number): boolean {
  const answer = new Uint32Array(1);
  const bytes = new Uint8Array(answer.buffer);
  if (kernel32!.GetHandleInformation(BigInt(handle), bytes) === 0) {
    throw new Error(`Cannot ask about handle ${handle}: there is none`);
  }
  return (answer[0]! & 1) !== 0;
}
