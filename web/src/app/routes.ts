/** The pages; each is loaded when it is first opened. A page module's default export is its component. */
import type { ComponentType } from 'preact';
import type { PageName } from '../api/types';

export interface Route {
  name: PageName;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
}

export const ROUTES: readonly Route[] = [
  { name: 'dashboard', title: 'Dashboard', load: () => import('../pages/dashboard') },
  { name: 'compare', title: 'Compare', load: () => import('../pages/compare') },
  { name: 'preview', title: 'Preview', load: () => import('../pages/preview') },
  { name: 'viewer', title: 'Viewer', load: () => import('../pages/viewer') },
  { name: 'telemetry', title: 'Telemetry', load: () => import('../pages/telemetry') },
  { name: 'sync', title: 'Sync', load: () => import('../pages/sync') },
];

export const hrefOf = (name: PageName): string => `/${name}`;

/** The route of a path; `/` and `/index.html` are the start page of the command. */
export function routeOf(path: string, startPage: PageName): Route | undefined {
  const name = path === '/' || path === '/index.html' ? startPage : path.slice(1);
  return ROUTES.find((route) => route.name === name);
}
