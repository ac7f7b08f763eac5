import { createServer } from "node:net";

/** Takes a port and gives it back. @throws if something else holds it */
export async function borrowPort(port = 0): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : port;
}

/** A URL where nothing listens. */
export async function deadUrl(): Promise<string> {
  return `http://127.0.0.1:${await borrowPort()}`;
}
