/** Whether this Windows is Wine: its `ntdll.dll` alone tells a version of Wine. */
export const UNDER_WINE: boolean = Deno.build.os === "windows" && hasWine();

function hasWine(): boolean {
  try {
    Deno.dlopen("ntdll.dll", {
      wine_get_version: { parameters: [], result: "pointer" },
    }).close();
    return true;
  } catch {
    return false;
  }
}
