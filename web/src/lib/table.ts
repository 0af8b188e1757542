/** Sorting and filtering of table rows; pure. */

export type SortValue = string | number | boolean | null | undefined;

export interface SortState {
  key: string;
  descending: boolean;
}

const isUnknown = (value: SortValue): boolean =>
  value === null || value === undefined || value === '' || (typeof value === 'number' && Number.isNaN(value));

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compareKnown(a: SortValue, b: SortValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return collator.compare(String(a), String(b));
}

/** Sorted copy; equal rows keep their order, unknown values come last in both directions. */
export function sortRows<R>(rows: readonly R[], valueOf: (row: R) => SortValue, descending: boolean): R[] {
  return rows
    .map((row, index) => ({ row, index, value: valueOf(row) }))
    .sort((a, b) => {
      const unknown = Number(isUnknown(a.value)) - Number(isUnknown(b.value));
      if (unknown !== 0) return unknown;
      const order = isUnknown(a.value) ? 0 : compareKnown(a.value, b.value);
      return (descending ? -order : order) || a.index - b.index;
    })
    .map((item) => item.row);
}

/** True when every word of `query` occurs in one of the texts; case and accents do not matter. */
export function matchesQuery(texts: readonly (string | null | undefined)[], query: string): boolean {
  const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const haystack = plain(texts.filter((text) => text !== null && text !== undefined).join('\n'));
  return plain(query)
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
