import { fileURLToPath } from "node:url";

/**
 * Throws unless a thread that is started may read its module. It would say so
 * itself only to a thread whose event loop turns.
 *
 * @param verb What takes a thread, for the error: "start workers".
 * @param module The address of the module that starts it.
 * @throws {Deno.errors.NotCapable} Without the permission.
 */
export function checkReadPermission(verb: string, module: string): void {
  const path = new URL(module);
  if (path.protocol !== "file:" || Deno.build.standalone) return;
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Cannot ${verb}: it takes a thread with read access to ` +
      `${fileURLToPath(path)}, run again with --allow-read`,
  );
}
