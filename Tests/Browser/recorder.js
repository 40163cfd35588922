// Injected into the page under test before its own scripts. Notes, for each frame, what the grid shows: the page's own
// bookkeeping is not trusted, only the DOM that a person would see.
(() => {
  const frames = [];
  const texts = new Map(); // "row column" -> what was noted last for a cell
  window.__frames = frames;
  const look = () => {
    const grid = document.querySelector('[role=grid]');
    if (grid) {
      const changed = [];
      const seen = [];
      for (const cell of grid.querySelectorAll('[role=gridcell][data-row][data-column]')) {
        if (!(cell instanceof HTMLElement) || cell.getAttribute('aria-busy') === 'true') continue;
        const key = `${cell.dataset.row} ${cell.dataset.column}`;
        const text = cell.querySelector('.value')?.textContent ?? '';
        const now = `${cell.dataset.revision} ${text}`;
        seen.push(key);
        if (texts.get(key) !== now) {
          texts.set(key, now);
          changed.push([cell.dataset.row, cell.dataset.column, Number(cell.dataset.revision), text]);
        }
      }
      const previous = frames[frames.length - 1];
      const visible = seen.join(',');
      if (changed.length || !previous || previous.revision !== grid.dataset.revision || previous.key !== visible) {
        frames.push({ at: performance.now(), revision: grid.dataset.revision, connection: grid.dataset.connection, changed, key: visible });
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  window.__longTasks = [];
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window.__longTasks.push(e.duration); }).observe({ type: 'longtask', buffered: true });
})();
