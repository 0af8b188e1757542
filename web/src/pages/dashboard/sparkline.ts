/** A line of a few pixels' height as an SVG path. Pure. */

/** Room for the line's width at the edges, in units of the view box. */
const INSET = 2;

/**
 * Path of `values` from left to right in a box of `width` × `height`, zero at the bottom; unknown values break the line. A value alone
 * between gaps becomes a point (a line of no length, drawn by its round ends).
 */
export function sparkline(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((value) => value !== null);
  const top = known.reduce((a, b) => Math.max(a, b), 0);
  const step = values.length > 1 ? (width - 2 * INSET) / (values.length - 1) : 0;
  const left = values.length > 1 ? INSET : width / 2;
  const y = (value: number) => height - INSET - (top > 0 ? (Math.max(0, value) / top) * (height - 2 * INSET) : 0);
  let path = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const at = `${(left + index * step).toFixed(1)} ${y(value).toFixed(1)}`;
    const isAlone = !pen && (values[index + 1] ?? null) === null;
    path += `${pen ? 'L' : 'M'}${at}${isAlone ? 'h0' : ''}`;
    pen = true;
  });
  return path;
}
