/** Does what only watches: if it fails, nothing else may. Money may have moved. */
export function quietly(note: () => void): void {
  try {
    note();
  } catch (error) {
    console.error(String(error));
  }
}
