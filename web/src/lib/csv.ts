/** CSV for people's spreadsheets: comma, LF, quotes where needed. */

export type Cell = string | number | boolean | null | undefined;

/** A cell a spreadsheet would run as a formula gets a leading quote; numbers are left alone. */
function harmless(text: string): string {
  return /^[=+\-@]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
}

function quoted(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const text = harmless(String(value));
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Header and rows as CSV text with a final newline. */
export function toCsv(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [headers, ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join('');
}
