/** Addresses: which page is shown, and the state a page keeps behind the `?`. */
import { Store, useStore } from '../lib/store';

interface Place {
  path: string;
  search: string;
}

const here = (): Place => ({ path: location.pathname, search: location.search });

const place = new Store<Place>(here());

addEventListener('popstate', () => place.set(here()));

/** Goes to an address of this program. */
export function navigate(href: string): void {
  if (href === location.pathname + location.search) return;
  history.pushState(null, '', href);
  place.set(here());
  scrollTo(0, 0);
}

export const usePath = (): string => useStore(place, (state) => state.path);

/** The parameters behind `?`. */
export function useQuery(): URLSearchParams {
  return new URLSearchParams(useStore(place, (state) => state.search));
}

/** Changes parameters without a step in the history; null removes one. */
export function setQuery(change: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, '', text === '' ? location.pathname : `${location.pathname}?${text}`);
  place.set(here());
}

/** Lets plain clicks on links inside the program change the page without loading it anew. */
export function interceptLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (/^\/(api|files|assets)\//.test(link.pathname)) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}
