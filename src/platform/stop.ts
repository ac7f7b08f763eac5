/**
 * The word to stop. It may come more than once: `npm run` passes on what the process has heard itself, and systemd tells
 * every process of a service. A second one changes nothing, for it would take calls with it whose money is moving;
 * who cannot wait sends SIGKILL, and orchestrators do when their time is up.
 */

/** Resolves at the first SIGTERM or SIGINT. From the call on, neither ends the process by itself. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve());
  });
}
