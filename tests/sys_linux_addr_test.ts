import { assertEquals, assertThrows } from "@std/assert";
import { isIP } from "node:net";
import {
  formatIp,
  formatSocketAddr,
  isIpLiteral,
  parseIp,
} from "../src/sys/addr.ts";

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function canonical(text: string): string {
  return formatIp(parseIp(text, 0));
}

Deno.test("IPv4 literals are read into four bytes in network order", () => {
  const addr = parseIp("192.0.2.255", 8080);
  assertEquals(addr, {
    family: 4,
    bytes: Uint8Array.of(192, 0, 2, 255),
    port: 8080,
    scopeId: 0,
  });
  assertEquals(formatIp(addr), "192.0.2.255");
  assertEquals(formatSocketAddr(addr), "192.0.2.255:8080");
});

Deno.test("IPv6 literals are written in the canonical form of RFC 5952", () => {
  // The RFC's own examples, then its rules one by one.
  const vectors: [string, string][] = [
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
    [
      "2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA",
      "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa",
    ],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["::ffff:102:304", "::ffff:1.2.3.4"],
    ["::FFFF:0:0", "::ffff:0.0.0.0"],
    // Outside of ::ffff:0:0/96 the dotted form is only read, as in Rust's library,
    // which prints Deno's addresses.
    ["::1.2.3.4", "::102:304"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ];
  for (const [text, expected] of vectors) {
    assertEquals(canonical(text), expected, text);
  }
});

Deno.test("what is no IP address is refused", () => {
  const wrong = [
    "",
    " ",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4 ",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "1.2.3.-4",
    "1.2.3.4%1",
    "١.2.3.4",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1::2:3:4:5:6:7:8",
    "::1:2:3:4:5:6:7:8",
    ":1::",
    "1:",
    "12345::",
    "g::",
    "::1.2.3",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::ffff:1.2.3.04",
    "[::1]",
    "::1%",
    "::1%a b",
    "::1%a/b",
    "::1%1%2",
    "::1%4294967296",
    "::1%name-of-16-chars",
  ];
  for (const text of wrong) {
    assertEquals(isIpLiteral(text), false, text);
    const error = assertThrows(() => parseIp(text, 80), TypeError);
    assertEquals(
      error.message,
      `Cannot parse address ${JSON.stringify(text)}: ` +
        "it is neither an IPv4 nor an IPv6 address",
    );
  }
});

Deno.test("a port that is none is refused by name and value", () => {
  for (const port of [-1, 65_536, 1.5, NaN, Infinity]) {
    assertThrows(
      () => parseIp("::1", port),
      RangeError,
      `Cannot parse address "::1": port is ${port}`,
    );
  }
  assertEquals(parseIp("::1", 65_535).port, 65_535);
});

Deno.test("a scope is read as a number, or as the name of an interface", () => {
  assertEquals(parseIp("fe80::1%0", 0).scopeId, 0);
  assertEquals(parseIp("fe80::1%7", 0).scopeId, 7);
  assertEquals(parseIp("fe80::1%4294967295", 0).scopeId, 4_294_967_295);
  const asked: string[] = [];
  const find = (name: string) => asked.push(name) + 40;
  assertEquals(parseIp("fe80::1%eth0", 0, find).scopeId, 41);
  assertEquals(asked, ["eth0"]);
  const error = assertThrows(
    () => parseIp("fe80::1%eth9", 0, () => 0),
    Deno.errors.NotFound,
  );
  assertEquals(
    error.message,
    'Cannot parse address "fe80::1%eth9": there is no network interface "eth9"',
  );
});

Deno.test("a scope is left out of the hostname and shown in messages", () => {
  const addr = parseIp("FE80::1%7", 80);
  assertEquals(formatIp(addr), "fe80::1");
  assertEquals(formatSocketAddr(addr), "[fe80::1%7]:80");
  assertEquals(formatSocketAddr(parseIp("::1", 80)), "[::1]:80");
});

Deno.test("every address survives being written and read again", () => {
  const random = randomFrom(1);
  for (let round = 0; round < 20_000; round++) {
    const family = random(2) === 0 ? 4 : 6;
    const bytes = new Uint8Array(family === 4 ? 4 : 16);
    // Many zeros, so that runs of them are frequent.
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = random(3) === 0 ? random(256) : 0;
    }
    const text = formatIp({ family, bytes });
    const again = parseIp(text, 1);
    assertEquals(again.bytes, bytes, text);
    assertEquals(again.family, family, text);
  }
});

Deno.test("IPv6 addresses are written as URL writes them, but for IPv4 inside", () => {
  const random = randomFrom(2);
  for (let round = 0; round < 5_000; round++) {
    const groups = Array.from(
      { length: 8 },
      () => random(2) === 0 ? 0 : random(65_536),
    );
    const text = groups.map((group) => group.toString(16)).join(":");
    if (groups.slice(0, 6).join() === "0,0,0,0,0,65535") continue;
    const { hostname } = new URL(`http://[${text}]/`);
    assertEquals(`[${canonical(text)}]`, hostname);
  }
});

Deno.test("it tells literals from names as Node does, however they are garbled", () => {
  const random = randomFrom(3);
  const seeds = [
    "127.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "1::",
    "fe80::1:2",
    "1:2:3:4:5:6:7:8",
    "::ffff:1.2.3.4",
    "2001:db8::c000:221",
    "1:2:3:4:5:6:1.2.3.4",
  ];
  const letters = "0123456789abcdefABCDEFg.:.:.:";
  let literals = 0;
  for (let round = 0; round < 50_000; round++) {
    let text = seeds[random(seeds.length)]!;
    for (let edits = random(4); edits > 0; edits--) {
      const at = random(text.length + 1);
      const letter = letters[random(letters.length)]!;
      const skipped = random(2);
      text = text.slice(0, at) + (random(3) === 0 ? "" : letter) +
        text.slice(at + skipped);
    }
    assertEquals(isIpLiteral(text), isIP(text) !== 0, JSON.stringify(text));
    if (!isIpLiteral(text)) continue;
    literals++;
    assertEquals(parseIp(text, 0).family, isIP(text), text);
    assertEquals(canonical(canonical(text)), canonical(text));
  }
  // Else the test would show little.
  assertEquals(literals > 5_000, true, `${literals} literals`);
});
