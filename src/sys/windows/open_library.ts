/** A library in which each function throws. */
function failing<T extends Deno.ForeignLibraryInterface>(
  symbols: T,
  makeError: () => Error,
): Deno.StaticForeignLibraryInterface<T> {
  const fail = () => {
    throw makeError();
  };
  const entries = Object.keys(symbols).map((name) => [name, fail]);
  return Object.fromEntries(entries) as Deno.StaticForeignLibraryInterface<T>;
}

/**
 * Opens one of Windows' libraries, once per thread and for good. On another
 * system, or where it cannot be opened, each of its functions throws an error that
 * says why: nobody could catch what an import throws, and what needs no sockets
 * works without the permission.
 */
export function openLibrary<const T extends Deno.ForeignLibraryInterface>(
  name: string,
  symbols: T,
): Deno.StaticForeignLibraryInterface<T> {
  const { os } = Deno.build;
  if (os !== "windows") {
    return failing(symbols, () =>
      new Deno.errors.NotSupported(
        `Cannot call ${name}: it is Windows', and this is ${os}`,
      ));
  }
  try {
    return Deno.dlopen(name, symbols).symbols;
  } catch (cause) {
    const { NotCapable } = Deno.errors;
    return failing(symbols, () =>
      cause instanceof NotCapable
        ? new NotCapable(
          "Cannot call the operating system: requires ffi access, run again " +
            "with the --allow-ffi flag",
          { cause },
        )
        : new Deno.errors.NotSupported(`Cannot open ${name}: ${cause}`, {
          cause,
        }));
  }
}
