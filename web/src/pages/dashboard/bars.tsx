/** A histogram of upright bars, with the count above each and its class below. */
import { binLabel, type Bin } from './histogram';

export interface BarsProps {
  title: string;
  /** What one unit of height is: "pairs", "runs". */
  of: string;
  bins: readonly Bin[];
  /** Edges are multiplied by this for their labels (100 for shares in per cent). */
  scale?: number;
  unit?: string;
  /** Said instead of bars when nothing was counted. */
  none: string;
}

const edge = (value: number, scale: number): string => (value === Infinity ? '' : String(Number((value * scale).toFixed(4))));

export function Bars({ title, of, bins, scale = 1, unit = '', none }: BarsProps) {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const highest = bins.reduce((top, bin) => Math.max(top, bin.count), 0);
  const spoken = bins.map((bin) => `${binLabel(bin, scale, unit)}: ${bin.count}`).join(', ');
  return (
    <figure class="bars">
      <figcaption>
        {title}
        {unit && <span class="muted"> ({unit.trim()})</span>}
        <span class="muted num bars-total">{total} {of}</span>
      </figcaption>
      {total === 0 ? (
        <p class="small muted bars-none">{none}</p>
      ) : (
        <div class="bars-row" role="img" aria-label={`${title}, ${total} ${of}: ${spoken}`}>
          {bins.map((bin) => (
            <div key={bin.from} class="bar" title={`${binLabel(bin, scale, unit)}: ${bin.count} ${of}`}>
              <span class="bar-count num">{bin.count > 0 ? bin.count : ''}</span>
              <div class="bar-fill" style={{ height: `${((bin.count / highest) * 100).toFixed(1)}%` }} />
              <span class="bar-edge num">{bin.to === Infinity ? `${edge(bin.from, scale)}+` : edge(bin.from, scale)}</span>
            </div>
          ))}
        </div>
      )}
    </figure>
  );
}
