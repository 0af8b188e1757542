/** The marker table: search, filter, sort, and the numbers about predicted against actual times. */
import { useMemo } from 'preact/hooks';
import { Badge, Empty, Select, Stats, Table, TextField, type Column } from '../../components';
import { filterMarkers, MARKER_FILTERS, type Marker, type MarkerFilter } from '../../compare/markers';
import { deltaStats } from '../../compare/stats';
import { clock, percent, secs, signedSecs } from '../../lib/format';

export interface MarkerPanelProps {
  markers: readonly Marker[];
  selected: Marker | null;
  filter: MarkerFilter;
  query: string;
  /** Command that makes markers for this run. */
  command: string;
  onFilter: (filter: MarkerFilter) => void;
  onQuery: (query: string) => void;
  onMarker: (marker: Marker) => void;
}

const COLUMNS: readonly Column<Marker>[] = [
  { key: 'name', label: 'Marker', value: (marker) => marker.name, cell: (marker) => <MarkerName marker={marker} /> },
  { key: 'ref', label: 'Ref.', align: 'end', title: 'Time in the reference', value: (marker) => marker.refSecs, cell: (marker) => clock(marker.refSecs, 2) },
  { key: 'predicted', label: 'Predicted', align: 'end', title: 'Time in the new run by the map', value: (marker) => marker.predictedSecs, cell: (marker) => clock(marker.predictedSecs, 2) },
  { key: 'actual', label: 'Actual', align: 'end', title: 'Time in the new run by a person', value: (marker) => marker.actualSecs, cell: (marker) => clock(marker.actualSecs, 2) },
  { key: 'delta', label: 'Delta', align: 'end', title: 'Actual minus predicted, seconds', value: (marker) => marker.deltaSecs, cell: (marker) => signedSecs(marker.deltaSecs).replace(' s', '') },
  { key: 'confidence', label: 'Conf.', align: 'end', title: 'Probability that the predicted time is right within 0.25 s', value: (marker) => marker.confidence, cell: (marker) => percent(marker.confidence) },
];

function MarkerName({ marker }: { marker: Marker }) {
  return (
    <span class="marker-name">
      <button type="button" class="link-button">
        {marker.name}
      </button>
      <span class="marker-badges">
        {marker.status === 'review' && marker.state === 'open' && <Badge tone="warn">review</Badge>}
        {marker.status === 'outside' && <Badge>outside</Badge>}
        {marker.state !== 'open' && <Badge tone={marker.state === 'confirmed' ? 'ok' : 'info'}>{marker.state}</Badge>}
        {marker.annotation?.note && (
          <span class="muted marker-note" title={marker.annotation.note}>
            {marker.annotation.note}
          </span>
        )}
      </span>
    </span>
  );
}

export function MarkerPanel({ markers, selected, filter, query, command, onFilter, onQuery, onMarker }: MarkerPanelProps) {
  const shown = useMemo(() => filterMarkers(markers, filter, query), [markers, filter, query]);
  const stats = useMemo(() => deltaStats(shown.map((marker) => marker.deltaSecs)), [shown]);
  if (markers.length === 0) {
    return (
      <Empty title="No markers in this run" command={command}>
        Carry the markers of the reference over with:
      </Empty>
    );
  }
  return (
    <>
      <div class="panel-tools">
        <TextField label="Search markers" hideLabel type="search" placeholder="Search (/)" value={query} onInput={onQuery} />
        <Select label="Show" hideLabel value={filter} options={MARKER_FILTERS} onChange={onFilter} />
      </div>
      <div class="panel-stats">
        <Stats
          label="Actual minus predicted"
          items={[
            { name: 'Count', value: stats.count, title: 'Markers with an actual time' },
            { name: 'MAE', value: secs(stats.mae), title: 'Mean size of the difference' },
            { name: 'P90', value: secs(stats.p90), title: 'Nine in ten differences are smaller' },
            { name: 'Median', value: signedSecs(stats.median, 3), title: 'Above zero: markers lie later than predicted' },
          ]}
        />
      </div>
      <Table
        label="Markers"
        columns={COLUMNS}
        rows={shown}
        rowKey={(marker) => marker.row}
        sort={{ key: 'ref', descending: false }}
        current={(marker) => marker.row === selected?.row}
        onRow={onMarker}
        empty={<p class="panel-none muted">No marker fits the search and the filter.</p>}
      />
    </>
  );
}
