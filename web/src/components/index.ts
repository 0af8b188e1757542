/** The components pages are built of. Charts are apart, in `./chart`, so that pages without one do not load uPlot. */
export { Badge, type Tone } from './badge';
export { Button, Segments } from './button';
export { Card, Stats, type StatItem } from './card';
export { Dialog } from './dialog';
export { Empty, Loading, LoadError, Notice, toast, Toolbar } from './feedback';
export { Checkbox, Select, TextArea, TextField } from './field';
export { Icon, type IconName } from './icon';
export { Table, type Column } from './table';
