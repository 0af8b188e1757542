/** Light, dark, or what the system says. The choice is kept in this browser only. */
import { useEffect, useState } from 'preact/hooks';
import { Store, useStore } from '../lib/store';

export type ThemeChoice = 'auto' | 'light' | 'dark';

const KEY = 'mtbsync-theme';
const NEXT: Record<ThemeChoice, ThemeChoice> = { auto: 'light', light: 'dark', dark: 'auto' };

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

const theme = new Store<{ choice: ThemeChoice }>({ choice: 'auto' });

function apply(choice: ThemeChoice): void {
  if (choice === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = choice;
  theme.set({ choice });
}

/** Applies the stored choice; called once, before anything is drawn. */
export function initTheme(): void {
  apply(stored());
}

export function cycleTheme(): void {
  const choice = NEXT[theme.get().choice];
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // A browser without storage still switches, it only forgets.
  }
  apply(choice);
}

export const useThemeChoice = (): ThemeChoice => useStore(theme, (state) => state.choice);

const systemDark = () => matchMedia('(prefers-color-scheme: dark)');

/** The theme in force, `light` or `dark`; changes with the switch and with the system. */
export function useThemeName(): 'light' | 'dark' {
  const choice = useThemeChoice();
  const [dark, setDark] = useState(() => systemDark().matches);
  useEffect(() => {
    const query = systemDark();
    const update = () => setDark(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return choice === 'auto' ? (dark ? 'dark' : 'light') : choice;
}
