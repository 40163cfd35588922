// @ts-check
// One timeout at a time, that knows whether it is running.

export class Timer {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timeout;

  get isSet() {
    return this.#timeout !== undefined;
  }

  /** Instead of the one before. @param {number} wait in ms @param {() => void} work */
  set(wait, work) {
    this.stop();
    this.#timeout = setTimeout(() => {
      this.#timeout = undefined;
      work();
    }, wait);
  }

  stop() {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }
}
