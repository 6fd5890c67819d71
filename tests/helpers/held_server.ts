/**
 * An HTTP server that keeps its clients waiting: for requests that are given up.
 *
 * @module
 */

/** Takes requests and answers none of them before the end of `await using`. */
export class HeldServer implements AsyncDisposable {
  readonly url: string;
  /** Settles with the first request. */
  readonly arrived: Promise<void>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #release = Promise.withResolvers<void>();

  constructor() {
    const arrived = Promise.withResolvers<void>();
    this.arrived = arrived.promise;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async () => {
        arrived.resolve();
        await this.#release.promise;
        return new Response("too late");
      },
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release.resolve();
    await this.#server.shutdown();
  }
}
