// @ts-check
// Numbers and times as people read them.

const whole = new Intl.NumberFormat('en-US');

/** @param {number} n */
export const count = (n) => whole.format(n);

/** "1 row", "2 rows". @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** "12 s", "4 min", "2 h 5 min". @param {number} seconds */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 && s < 600 ? ` ${s % 60} s` : ''}`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** "3.1 MB". @param {number} n */
export function bytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)} KB`;
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)} MB`;
}

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** @param {number} milliseconds since 1970 */
export const timestamp = (milliseconds) => moment.format(new Date(milliseconds));

/** "0.25", "0.00042": two digits that count. @param {number} amount */
export const money = (amount) => (amount >= 1 ? amount.toFixed(2) : amount === 0 ? '0' : amount < 1e-6 ? 'under 0.000001' : String(Number(amount.toPrecision(2))));

/** "12-15 s": a range, or one value where both ends read alike. @param {number[]} range @param {(n: number) => string} format */
export function between(range, format) {
  const [low, high] = [format(range[0] ?? 0), format(range[1] ?? 0)];
  return low === high ? low : `${low}\u2013${high}`;
}
