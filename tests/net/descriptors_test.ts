import { assertEquals } from "@std/assert";
import { edoTest } from "../helpers/leaks.ts";
import { Subprocess } from "../helpers/subprocess.ts";

for (const where of ["block_on", "run"]) {
  edoTest(
    `inside ${where}, a listener waits for descriptors for its reactor before it accepts`,
    async () => {
      const fixture = new URL("./fixtures/no_reactor.ts", import.meta.url);
      await using child = new Subprocess("sh", [
        "-c",
        'ulimit -n 64; exec "$0" run -A "$1" "$2"',
        ...[Deno.execPath(), fixture.pathname, where],
      ]);
      const { code } = await child.status();
      assertEquals(await child.stderr.rest(), []);
      assertEquals(await child.stdout.rest(), ["served"]);
      assertEquals(code, 0);
    },
    { ignore: Deno.build.os !== "linux" },
  );
}
