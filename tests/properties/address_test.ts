import { assertEquals } from "@std/assert";
import { isIP } from "node:net";
import { knownAddresses } from "../../src/net/address.ts";
import { formatIp, isIpLiteral, parseIp } from "../../src/sys/addr.ts";
import { fc } from "./fast_check.ts";
import { propertyTest } from "./support.ts";
import { judge } from "./verdict.ts";

/** Texts that are addresses, nearly so, or not at all. */
const text = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.array(fc.constantFrom("0", "1", "f", "F", "ffff", "255", "256", "01"), {
    maxLength: 9,
  }).chain((parts) =>
    fc.constantFrom(":", ".", "::").map((dot) => parts.join(dot))
  ),
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdefx.:.:.:::".split("")),
  }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);

/** The same with a few characters changed. */
const changed = fc.tuple(
  text,
  fc.array(
    fc.tuple(
      fc.nat(40),
      fc.constantFrom("", ":", ".", "0", "1", "g", "f", " ", "%"),
    ),
    { maxLength: 2 },
  ),
).map(([text, changes]) => {
  for (const [at, to] of changes) {
    const i = at % (text.length + 1);
    text = text.slice(0, i) + to + text.slice(i + (at & 1));
  }
  return text;
});

propertyTest(
  "what is an IP address is one for node:net as well, and of the same version",
  changed.filter((text) => !text.includes("%")),
  5_000,
  (text) => {
    const version = isIP(text);
    assertEquals(isIpLiteral(text), version !== 0, JSON.stringify(text));
    const known = /^localhost\.?$/i.test(text) ? [] : knownAddresses(text, 80);
    assertEquals(known.map(({ family }) => family), version ? [version] : []);
    if (version === 0) {
      try {
        parseIp(text, 80);
        throw new Error("it was parsed");
      } catch (error) {
        judge(error, /^Cannot parse address "/);
      }
    }
  },
);

propertyTest(
  "an address that is written and read again has the same bytes, in the form that URLs have",
  fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
      .map((bytes) => Uint8Array.from(bytes)),
    fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) =>
      Uint8Array.from([...new Array(10).fill(0), 255, 255, ...bytes])
    ),
  ),
  3_000,
  (bytes) => {
    const family = bytes.length === 4 ? 4 : 6;
    const text = formatIp({ family, bytes });
    const read = parseIp(text, 1);
    assertEquals(read, { family, bytes, port: 1, scopeId: 0 });
    const host = family === 4 ? text : `[${text}]`;
    const url = new URL(`http://${host}`).hostname;
    // URLs write an IPv4 address inside of IPv6 in hexadecimal.
    if (!text.startsWith("::ffff:")) assertEquals(url, host);
    assertEquals(parseIp(url.replace(/^\[|\]$/g, ""), 1).bytes, bytes);
  },
);

propertyTest(
  "a scope is a number or the name of an interface, and nothing else",
  fc.tuple(
    fc.ipV6().filter((text) => !text.includes("%")),
    fc.oneof(
      fc.nat(2 ** 33).map(String),
      fc.string({ unit: "binary", maxLength: 17 }),
      fc.constantFrom("lo", "", "4294967295", "4294967296", "1e3", "-1", "a/b"),
    ),
  ),
  1_000,
  ([ip, scope]) => {
    const text = `${ip}%${scope}`;
    try {
      const { scopeId } = parseIp(text, 0, (name) => name === "lo" ? 1 : 0);
      const expected = scope === "lo" ? 1 : Number(scope);
      assertEquals(scopeId, expected, JSON.stringify(text));
    } catch (error) {
      judge(error, /^Cannot parse address "/);
    }
  },
);
