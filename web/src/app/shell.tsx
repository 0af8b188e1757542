/** The frame around every page: name, navigation, theme switch, messages. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { getSession } from '../api';
import { Button, Empty, Loading, LoadError } from '../components';
import { Toasts } from '../components/feedback';
import iconUrl from '../icon.svg';
import { useLoad } from '../lib/hooks';
import { interceptLinks, usePath } from './router';
import { hrefOf, routeOf, ROUTES, type Route } from './routes';
import { SessionContext } from './session';
import { cycleTheme, useThemeChoice } from './theme';

export function Shell() {
  const path = usePath();
  const session = useLoad(getSession, []);
  const route = session.data ? routeOf(path, session.data.page) : undefined;
  useEffect(() => {
    document.addEventListener('click', interceptLinks);
    return () => document.removeEventListener('click', interceptLinks);
  }, []);
  useEffect(() => {
    document.title = route ? `${route.title} – mtbsync` : 'mtbsync';
  }, [route]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="topbar">
        <a class="brand" href="/">
          <img src={iconUrl} alt="" />
          mtbsync
        </a>
        <nav class="nav" aria-label="Pages">
          <ul>
            {ROUTES.map((item) => (
              <li key={item.name}>
                <a href={hrefOf(item.name)} aria-current={item === route ? 'page' : undefined}>
                  {item.title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {session.data && (
          <span class="root-name" title={`Folder served: ${session.data.root_name}`}>
            {session.data.root_name}
          </span>
        )}
        <ThemeSwitch />
      </header>
      <main id="main" class="page" tabIndex={-1}>
        {session.error ? <LoadError what="the session" error={session.error} retry={session.reload} /> : null}
        {session.data && (
          <SessionContext.Provider value={session.data}>
            {route ? <LazyPage key={route.name} route={route} /> : <Empty title="There is no such page">Choose one above.</Empty>}
          </SessionContext.Provider>
        )}
      </main>
      <Toasts />
    </div>
  );
}

function LazyPage({ route }: { route: Route }) {
  const page = useLoad<{ default: ComponentType }>(route.load, [route.name]);
  if (page.error) return <LoadError what={route.title} error={page.error} retry={page.reload} />;
  if (!page.data) return <SlowLoading what={route.title} />;
  const Page = page.data.default;
  return <Page />;
}

/** A loading line that waits a moment, so that quick loads do not flicker. */
function SlowLoading({ what }: { what: string }) {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setVisible(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return visible ? <Loading what={what} /> : null;
}

function ThemeSwitch() {
  const choice = useThemeChoice();
  const icons = { auto: 'auto', light: 'sun', dark: 'moon' } as const;
  const names = { auto: 'as the system', light: 'light', dark: 'dark' };
  return <Button kind="quiet" icon={icons[choice]} label={`Theme: ${names[choice]}. Change`} onClick={cycleTheme} />;
}
