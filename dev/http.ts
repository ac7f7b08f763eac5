/** Opens and closes the HTTP servers of the development stack. */
import type { Server } from "node:http";

/** An open server. */
export interface OpenServer {
  url: string;
  port: number;
  /** Stops listening and cuts the connections that are still open; more calls are harmless. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1; port 0 lets the system choose one. @param name what to call the server in an error */
export async function open(server: Server, port: number, name: string): Promise<OpenServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const busy = error.code === "EADDRINUSE";
      reject(
        busy
          ? new Error(`Port ${port} is busy: stop what listens there, or choose another for the ${name}.`)
          : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`The ${name} has no port.`);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${address.port}`, port: address.port, close };
}
