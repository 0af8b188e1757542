/** Entry: theme first, so that nothing flashes, then the shell. */
import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/components/button.css';
import './styles/components/card.css';
import './styles/components/table.css';
import './styles/components/field.css';
import './styles/components/feedback.css';
import './styles/components/dialog.css';
import './styles/components/chart.css';
import './styles/shell.css';
import { Shell } from './app/shell';
import { initTheme } from './app/theme';

initTheme();
const host = document.getElementById('app');
if (host) render(<Shell />, host);
