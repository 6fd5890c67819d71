// Echo server on node:net, without timeouts. Runs under Deno and under Node.js.
//
//   deno run --allow-net node_net_echo.mjs [--port 0]
//   node node_net_echo.mjs [--port 0]

import { createServer } from "node:net";
import process from "node:process";

const at = process.argv.indexOf("--port");
const port = at < 0 ? 0 : Number(process.argv[at + 1]);

const options = { noDelay: true, highWaterMark: 64 * 1024 };
const server = createServer(options, (socket) => {
  socket.on("data", (data) => {
    if (!socket.write(data)) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("error", () => socket.destroy());
});
server.listen(port, "127.0.0.1", 4096, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
