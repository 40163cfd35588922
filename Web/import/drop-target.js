// @ts-check
// A file dropped anywhere on the page is imported.

/** @param {HTMLElement} veil @param {(file: File) => void} onFile */
export function dropTarget(veil, onFile) {
  /** @param {DragEvent} event */
  const hasFile = (event) => event.dataTransfer?.types.includes('Files') ?? false;
  let depth = 0;
  addEventListener('dragenter', (event) => {
    if (!hasFile(event)) return;
    depth++;
    veil.hidden = false;
  });
  addEventListener('dragleave', (event) => {
    if (hasFile(event) && --depth <= 0) veil.hidden = true;
  });
  addEventListener('dragover', (event) => hasFile(event) && event.preventDefault());
  addEventListener('drop', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
}
