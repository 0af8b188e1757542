/** Numbers as people read them. Unknown values become an en dash, never zero. */

export const UNKNOWN = '–';

type Maybe = number | null | undefined;

const known = (value: Maybe): value is number => typeof value === 'number' && Number.isFinite(value);

/** Seconds as `m:ss.mmm`, or `h:mm:ss.mmm` from an hour on. `decimals` 0..3. */
export function clock(secs: Maybe, decimals = 3): string {
  if (!known(secs)) return UNKNOWN;
  const scale = 10 ** decimals;
  const total = Math.round(Math.abs(secs) * scale);
  const whole = Math.floor(total / scale);
  const fraction = decimals > 0 ? `.${String(total % scale).padStart(decimals, '0')}` : '';
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const seconds = String(whole % 60).padStart(2, '0');
  const sign = secs < 0 && total > 0 ? '−' : '';
  const head = hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}` : String(minutes);
  return `${sign}${head}:${seconds}${fraction}`;
}

/** `+1.24 s`, `−0.08 s`, `0.00 s`: always with a sign, because it is a difference. */
export function signedSecs(secs: Maybe, decimals = 2): string {
  if (!known(secs)) return UNKNOWN;
  const text = Math.abs(secs).toFixed(decimals);
  const sign = Number(text) === 0 ? '' : secs > 0 ? '+' : '−';
  return `${sign}${text} s`;
}

export const secs = (value: Maybe, decimals = 3): string => (known(value) ? `${value.toFixed(decimals)} s` : UNKNOWN);
export const number = (value: Maybe, decimals = 2): string => (known(value) ? value.toFixed(decimals) : UNKNOWN);
export const percent = (share: Maybe, decimals = 0): string => (known(share) ? `${(share * 100).toFixed(decimals)} %` : UNKNOWN);

/** `12.3 kB`; powers of 1000. */
export function bytes(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = value;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

/** A moment as `2026-06-01 09:00`, local time. Accepts unix seconds or ISO text. */
export function moment(value: number | string | null | undefined): string {
  if (value === null || value === undefined || value === '') return UNKNOWN;
  const date = new Date(typeof value === 'number' ? value * 1000 : value);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A cell of a CSV file as a number; empty or not a number is null. */
export function cell(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
