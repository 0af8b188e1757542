/** uPlot in a component: sized by its container, coloured by the theme, data changed in place. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useThemeName } from '../app/theme';
import { useWidth } from '../lib/hooks';

/** Colours a canvas can use, resolved for the theme in force. */
export interface ChartTheme {
  text: string;
  muted: string;
  grid: string;
  surface: string;
  /** Any other token, e.g. `colour('--ref')`. */
  colour: (token: string) => string;
}

/** The value of a token such as `--ref` under the theme in force. Custom properties are resolved by an element that uses them. */
function resolveColour(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export function chartTheme(): ChartTheme {
  return {
    text: resolveColour('--text'),
    muted: resolveColour('--muted'),
    grid: resolveColour('--border'),
    surface: resolveColour('--surface'),
    colour: resolveColour,
  };
}

const FONT = '12px system-ui, sans-serif';

/** An axis in the look of the program. */
export function axis(theme: ChartTheme, extra: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: theme.muted,
    font: FONT,
    labelFont: FONT,
    labelSize: 18,
    gap: 4,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 4 },
    ...extra,
  };
}

export interface ChartProps {
  /** Says what the picture shows, for people who do not see it. */
  label: string;
  height: number;
  data: uPlot.AlignedData;
  /** Everything but size. Called when the chart is made: at first, on a theme change, and when `optionsKey` changes. */
  options: (theme: ChartTheme) => Omit<uPlot.Options, 'width' | 'height'>;
  optionsKey?: string;
  /** Gets the instance after it is made (null when it goes), to draw or zoom from outside. */
  onChart?: (chart: uPlot | null) => void;
}

export function Chart({ label, height, data, options, optionsKey = '', onChart }: ChartProps) {
  const host = useRef<HTMLDivElement | null>(null);
  const chart = useRef<uPlot | null>(null);
  const [attach, width] = useWidth<HTMLDivElement>();
  const theme = useThemeName();
  const latestData = useRef(data);
  latestData.current = data;
  const ready = width > 0;
  useEffect(() => {
    if (!host.current || !ready) return;
    const made = new uPlot({ ...options(chartTheme()), width, height }, latestData.current, host.current);
    chart.current = made;
    onChart?.(made);
    return () => {
      onChart?.(null);
      made.destroy();
      chart.current = null;
    };
  }, [theme, optionsKey, ready]);
  useEffect(() => {
    if (width > 0) chart.current?.setSize({ width, height });
  }, [width, height]);
  useEffect(() => {
    if (chart.current && chart.current.data !== data) chart.current.setData(data);
  }, [data]);
  return (
    <div
      class="chart"
      role="img"
      aria-label={label}
      ref={(element) => {
        host.current = element;
        attach(element);
      }}
    />
  );
}
