/** The parts of a measurement that run. */

/** Something that runs until it is stopped. */
type Part = { stop: () => Promise<void> };

/** Keeps parts, and stops them in the reverse order. */
export function createRunning() {
  const parts: Part[] = [];
  return {
    /** Keeps one, and hands it back. */
    keep: <T extends Part>(part: T): T => {
      parts.push(part);
      return part;
    },
    stop: async () => {
      for (const part of parts.splice(0).reverse()) await part.stop();
    },
  };
}
