/** Line icons on a 20 × 20 grid, drawn for this program. Always decoration: the control around them carries the name. */

const PATHS = {
  play: 'M6 4l10 6-10 6z',
  pause: 'M6 4v12M14 4v12',
  'step-back': 'M13 5l-6 5 6 5M4.5 5v10',
  'step-forward': 'M7 5l6 5-6 5M15.5 5v10',
  loop: 'M4 10a4.5 4.5 0 0 1 4.5-4.5H16M13.5 3L16 5.5 13.5 8M16 10a4.5 4.5 0 0 1-4.5 4.5H4M6.5 17L4 14.5l2.5-2.5',
  pin: 'M10 17v-5M6 12h8M7.5 12V7.5L6 4h8l-1.5 3.5V12',
  undo: 'M7 4L3.5 7.5 7 11M4 7.5h8a4 4 0 0 1 0 8H8',
  check: 'M4 10.5l4 4 8-9',
  warn: 'M10 3l7.5 13.5h-15zM10 8v4M10 14.2v.3',
  cross: 'M5 5l10 10M15 5L5 15',
  info: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M10 9v5M10 6v.3',
  help: 'M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M10 15.5v.3',
  search: 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12.5 12.5L17 17',
  download: 'M10 3v9M6 8.5l4 4 4-4M4 16.5h12',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4',
  moon: 'M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8z',
  auto: 'M10 2.5a7.5 7.5 0 1 0 0 15z M10 2.5a7.5 7.5 0 0 1 0 15',
  speaker: 'M3.5 8v4H6l4 3.5v-11L6 8zM13 7.5a3.5 3.5 0 0 1 0 5M15 5a7 7 0 0 1 0 10',
  mute: 'M3.5 8v4H6l4 3.5v-11L6 8zM13 8l4 4M17 8l-4 4',
  up: 'M5 12l5-5 5 5',
  down: 'M5 8l5 5 5-5',
  edit: 'M4 16l.8-3.3L13 4.5l2.5 2.5-8.2 8.2z',
  trash: 'M4.5 6h11M8 6V4h4v2M6 6l.7 10.5h6.6L14 6',
  'zoom-in': 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12.5 12.5L17 17M6.5 8.5h4M8.5 6.5v4',
  'zoom-out': 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10M12.5 12.5L17 17M6.5 8.5h4',
  fit: 'M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13',
  refresh: 'M16 10a6 6 0 1 1-1.8-4.3M16 3v3.5h-3.5',
  stop: 'M5.5 5.5h9v9h-9z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      fill={name === 'play' ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width="1.7"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
