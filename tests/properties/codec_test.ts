import { assertEquals } from "@std/assert";
import { Decoder, Encoder } from "../../src/task/codec/mod.ts";
import { build, recipes } from "./codec_values.ts";
import { fc } from "./fast_check.ts";
import { hostile, Made } from "./hostile_values.ts";
import { assertCopy } from "./same.ts";
import { propertyTest } from "./support.ts";
import { judge } from "./verdict.ts";

const encoder = new Encoder();
const decoder = new Decoder();
const memory = new Uint8Array(new SharedArrayBuffer(1 << 21));
const AT = 64;

/** Sends a value as an argument, through shared memory. */
function sent(value: unknown): unknown {
  const packet = encoder.encodeArguments("t", [value]);
  if (AT + packet.length > memory.length) throw new Error("a longer packet");
  packet.copyTo(memory, AT);
  packet.commit();
  return (decoder.decode(memory, AT) as unknown[])[0];
}

propertyTest(
  "a graph of any values that travel arrives as a copy, with what was shared shared",
  recipes(true),
  1_500,
  (recipe) => {
    const value = build(recipe);
    assertCopy(value, sent(value));
  },
);

propertyTest(
  "a graph of values arrives as structuredClone makes it",
  recipes(false),
  1_500,
  (recipe) => {
    const value = build(recipe);
    const cloned = structuredClone(value);
    assertCopy(value, cloned);
    const arrived = sent(value);
    // Where bytes beside those of the only view stay behind, two views differ.
    assertCopy(arrived, sent(arrived));
    assertCopy(cloned, arrived);
  },
);

propertyTest(
  "a failure that arrives is the error that was thrown, or one that says what could not travel",
  fc.oneof(
    recipes(true).map((recipe) =>
      new Made(fc.stringify(recipe), () => build(recipe))
    ),
    hostile,
  ),
  500,
  ({ make }) => {
    const packet = encoder.encodeFailure("t", make());
    const { attachments } = packet;
    packet.copyTo(memory, AT);
    packet.commit();
    decoder.decode(memory, AT, attachments);
  },
);

propertyTest(
  "what cannot travel is refused with the path to it, or arrives; the encoder stays as good as new",
  fc.array(fc.tuple(fc.constantFrom("a", "[", "m", "s", "e"), hostile)),
  700,
  (steps) => {
    let value: unknown = 1;
    for (const [step, { make }] of steps) {
      value = wrapped(step, value, make());
    }
    try {
      const packet = encoder.encodeArguments("t", [value]);
      const { attachments } = packet;
      if (packet.length + AT <= memory.length) {
        packet.copyTo(memory, AT);
        packet.commit();
        decoder.decode(memory, AT, attachments);
      } else {
        packet.discard();
      }
    } catch (error) {
      judge(error, /^Cannot send argument 1 of "t": /);
    }
    assertEquals(sent({ after: [1, "é"] }), { after: [1, "é"] });
  },
);

function wrapped(step: string, inner: unknown, other: unknown): unknown {
  switch (step) {
    case "a":
      return { "a field": inner, other };
    case "[":
      return [other, inner];
    case "m":
      return new Map([[other, inner], [inner, other]]);
    case "s":
      return new Set([other, inner]);
    default:
      return new Error("e", { cause: [other, inner] });
  }
}

propertyTest(
  "what is transferred moves, or the error names the item; nothing is left of it in the encoder",
  fc.array(
    fc.oneof(
      hostile,
      fc.constant(new Made("8 bytes", () => new ArrayBuffer(8))),
    ),
    { maxLength: 4 },
  ),
  500,
  (list) => {
    const items = list.map(({ make }) => make()) as Transferable[];
    try {
      const packet = encoder.encodeArguments("t", [items], items);
      const { attachments, transfer } = packet;
      structuredClone(attachments, { transfer: [...transfer] });
      packet.commit();
    } catch (error) {
      judge(error, /^Cannot (send argument 1 of|transfer (item \d+ )?to) "t"/);
    }
    assertEquals(sent([1]), [1]);
  },
);
