import { assert, assertEquals } from "@std/assert";
import { publishedFiles } from "../helpers/local_jsr.ts";
import { Elsewhere, jsrTest, PROGRAM_MS } from "./support.ts";

const TCP_AND_TIMERS = `
import { block_on, net, spawn, time } from "jsr:@edo/runtime";

function* echo(stream: net.TcpStream) {
  using _ = stream;
  const buffer = new Uint8Array(64);
  let n: number | null;
  while ((n = yield* stream.read(buffer)) !== null) {
    yield* stream.writeAll(buffer.subarray(0, n));
  }
}

const text: string = block_on(function* () {
  using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  spawn(function* () {
    spawn(echo, yield* listener.accept());
  });
  using stream = yield* net.TcpStream.connect(listener.addr);
  yield* time.sleep(1);
  yield* stream.writeAll(new TextEncoder().encode("over the registry"));
  const buffer = new Uint8Array(17);
  yield* time.timeout(10_000, stream.readExact(buffer));
  return new TextDecoder().decode(buffer);
});
console.log(text);
`;

Deno.test("published are the sources and the pages, and neither tests nor tools", () => {
  const files = publishedFiles({
    include: ["deno.json", "mod.ts", "src/**/*.ts", "README.md"],
    exclude: ["src/sys/windows", "src/**/linux.ts"],
  });
  assert(files.includes("deno.json") && files.includes("mod.ts"));
  assert(files.includes("src/task/mod.ts"));
  assert(files.includes("src/sys/linux/libc.ts"));
  assert(!files.some((path) => path.startsWith("src/sys/windows")));
  assert(!files.includes("src/reactor/linux.ts"));
  assert(!files.some((path) => /^(tests|tools|bench|examples)\//.test(path)));
});

jsrTest(
  "a program outside the project takes the package from a registry, with its types",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const { registry } = elsewhere;
    const program = await elsewhere.addFile("main.ts", TCP_AND_TIMERS);
    assertEquals(await elsewhere.run(program, ["--check"]), [
      "over the registry",
    ]);
    const paths = new Set(registry.requests);
    assert(paths.has("/@edo/runtime/meta.json"));
    assert(paths.has(`${registry.root}mod.ts`));
    assert([...paths].every((path) => path.startsWith("/@edo/runtime/")));
  },
);

jsrTest("every entry of the package can be imported", async () => {
  await using elsewhere = await Elsewhere.make();
  const program = await elsewhere.addFile(
    "main.ts",
    `import * as reactor from "jsr:@edo/runtime/reactor";
     import * as edo from "jsr:@edo/runtime";
     console.log(edo.reactor === reactor || Object.keys(reactor).join() ===
       Object.keys(edo.reactor).join());`,
  );
  assertEquals(await elsewhere.run(program), ["true"]);
});

jsrTest("a program that is loaded over http runs", async () => {
  await using elsewhere = await Elsewhere.make();
  const program = elsewhere.addPage("main.ts", TCP_AND_TIMERS);
  assertEquals(await elsewhere.run(program), ["over the registry"]);
});

const UNTIL_CTRL_C = `
import { block_on, ctrlC, spawn } from "jsr:@edo/runtime";

block_on(function* () {
  // Its turn comes when the future waits: the first poll starts the thread.
  spawn(() => console.log("ready"));
  yield* ctrlC();
  console.log("stopped");
});
`;

jsrTest(
  "the thread that listens for Ctrl-C is loaded from the registry as well",
  async () => {
    await using elsewhere = await Elsewhere.make();
    const { registry } = elsewhere;
    const file = await elsewhere.addFile("main.ts", UNTIL_CTRL_C);
    await using program = elsewhere.start(file);
    await program.stdout.match(/^ready$/, PROGRAM_MS);
    program.kill("SIGINT");
    const { code } = await program.status();
    assertEquals(await program.stdout.rest(), ["stopped"]);
    assertEquals(code, 0);
    const thread = `${registry.root}src/executor/signal_thread.ts`;
    assert(registry.requests.includes(thread));
  },
);
