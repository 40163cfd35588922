// @ts-check
// Sends a file with progress. XMLHttpRequest, because fetch does not tell how much of a body has been sent.

/** @typedef {{ phase: 'sending' | 'importing', done: number, total: number, rows: number }} Progress bytes, and rows once known */

/** @param {string} url @param {File} file @param {AbortSignal} signal @param {(progress: Progress) => void} onProgress
 * @returns {Promise<any>} the import's result */
export function upload(url, file, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('accept', 'text/event-stream, application/json');
    request.upload.onprogress = (event) => onProgress({ phase: 'sending', done: event.loaded, total: event.total || file.size, rows: 0 });
    request.onprogress = () => {
      const told = [...request.responseText.slice(-4000).matchAll(/event: progress\r?\ndata: (\{.*\})/g)].at(-1)?.[1];
      if (!told) return;
      const { bytes, totalBytes, rows } = JSON.parse(told);
      onProgress({ phase: 'importing', done: bytes, total: totalBytes, rows });
    };
    request.onload = () => {
      try {
        const document = lastDocument(request.responseText);
        if (request.status >= 200 && request.status < 300 && !document.status) resolve(document);
        else reject(new Error(document.detail ?? `The server answered ${request.status}.`));
      } catch {
        reject(new Error(`The server answered ${request.status} with something else than was expected.`));
      }
    };
    request.onerror = () => reject(new Error('The upload broke off. Check the connection and try again.'));
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** The reply is one document, or progress events with the same document last. @param {string} text */
export function lastDocument(text) {
  if (text.trimStart().startsWith('{')) return JSON.parse(text);
  const data = text.split(/\r?\n/).filter((line) => line.startsWith('data:')).at(-1);
  return JSON.parse((data ?? '').slice(5));
}
