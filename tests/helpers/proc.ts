/**
 * What Linux tells of a process in /proc: proc(5).
 *
 * @module
 */
import { fileHandleCount } from "../windows/handles.ts";

/** A process by its number, or the one that asks. */
export type ProcessId = number | "self";

/**
 * How many descriptors a process has open; on Windows, how many handles
 * of sockets, files and devices. Deno's own lists contain the one with
 * which /proc is read, if the process asks about itself: always one, so that
 * differences are right.
 */
export function countDescriptors(pid: ProcessId): number {
  if (Deno.build.os === "windows") {
    return fileHandleCount(pid === "self" ? Deno.pid : pid);
  }
  let count = 0;
  for (const _ of Deno.readDirSync(`/proc/${pid}/fd`)) count++;
  return count;
}

/** How much memory a process has, in bytes. */
export interface Memory {
  /** In RAM now (`VmRSS`). */
  readonly resident: number;
  /** The most that it ever was (`VmHWM`). */
  readonly peak: number;
}

/** Reads how much memory a process has. The system counts it in pages. */
export function memoryOf(pid: ProcessId): Memory {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const bytes = (field: string) => {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
    if (kib === undefined) throw new Error(`Cannot read ${field} of ${pid}`);
    return Number(kib) * 1024;
  };
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

/**
 * How often a thread has gone to sleep by itself (`voluntary_ctxt_switches`). That
 * the system gave its processor to another program is not counted, so a thread that
 * sleeps keeps the number however busy the machine is.
 */
export function sleepsOf(pid: ProcessId, thread: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/status`);
  const count = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1];
  if (count === undefined) throw new Error(`Cannot read ${thread}'s switches`);
  return Number(count);
}

/** Whether a thread waits for something in the system, at this moment. */
export function isAsleep(pid: ProcessId, thread: number): boolean {
  const status = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/status`);
  return /^State:\s+S/m.test(status);
}

/** How many descriptors this process, and those that it starts, may have open. */
export function descriptorLimit(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === "unlimited" ? Infinity : Number(soft);
}
