/** A table that sorts by click and keyboard. Searching is the caller's: it passes the rows to show. */
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { sortRows, type SortState, type SortValue } from '../lib/table';
import { Button } from './button';

export interface Column<R> {
  key: string;
  label: string;
  /** What is sorted by; a column without it cannot be sorted. */
  value?: (row: R) => SortValue;
  /** What is shown; the value when absent. Text from files is inserted as text. */
  cell?: (row: R) => ComponentChildren;
  align?: 'start' | 'end';
  title?: string;
}

export interface TableProps<R> {
  /** Names the table for screen readers. */
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string | number;
  sort?: SortState;
  /** Given: the caller keeps the sort state (for the address, say). */
  onSort?: (sort: SortState) => void;
  /** Shown instead of rows when there are none. */
  empty?: ComponentChildren;
  current?: (row: R) => boolean;
  /** A class for the whole row; colour must not be its only effect. */
  rowClass?: (row: R) => string | undefined;
  onRow?: (row: R) => void;
}

/** Rows drawn at first; more on request, so that a file of thousands of rows does not stall the page. */
const ROWS_AT_ONCE = 200;

export function Table<R>({ label, columns, rows, rowKey, sort, onSort, empty, current, rowClass, onRow }: TableProps<R>) {
  const [own, setOwn] = useState<SortState | undefined>(sort);
  const [shown, setShown] = useState(ROWS_AT_ONCE);
  const state = onSort ? sort : own;
  const sorted = useMemo(() => {
    const valueOf = columns.find((column) => column.key === state?.key)?.value;
    return state && valueOf ? sortRows(rows, valueOf, state.descending) : rows;
  }, [rows, columns, state?.key, state?.descending]);
  const choose = (key: string) => {
    const next = { key, descending: state?.key === key ? !state.descending : false };
    (onSort ?? setOwn)(next);
  };
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading key={column.key} column={column} state={state} choose={choose} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((row) => (
            <tr
              key={rowKey(row)}
              class={rowClass?.(row)}
              data-clickable={onRow ? '' : undefined}
              aria-current={current?.(row) ? 'true' : undefined}
              onClick={onRow && (() => onRow(row))}
            >
              {columns.map((column) => (
                <td key={column.key} class={column.align === 'end' ? 'align-end' : undefined}>
                  {column.cell ? column.cell(row) : String(column.value?.(row) ?? '')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length === 0 && empty}
      {sorted.length > shown && (
        <div class="table-more">
          <Button small onClick={() => setShown((n) => n + ROWS_AT_ONCE)}>
            Show more ({sorted.length - shown} left)
          </Button>
        </div>
      )}
    </div>
  );
}

function Heading<R>({ column, state, choose }: { column: Column<R>; state: SortState | undefined; choose: (key: string) => void }) {
  const active = state?.key === column.key;
  const direction = active ? (state.descending ? 'descending' : 'ascending') : undefined;
  return (
    <th scope="col" class={column.align === 'end' ? 'align-end' : undefined} aria-sort={direction} title={column.title}>
      {column.value ? (
        <button type="button" class="table-sort" onClick={() => choose(column.key)}>
          {column.label}
          <span class="arrow" aria-hidden="true">
            {active ? (state.descending ? '▼' : '▲') : ''}
          </span>
        </button>
      ) : (
        column.label
      )}
    </th>
  );
}
