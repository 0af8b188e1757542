/** What this session is and may do; loaded once, before the first page. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Right, Session } from '../api/types';

export const SessionContext = createContext<Session | null>(null);

/** The session; pages are drawn only after it has loaded. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('a page was drawn without a session');
  return session;
}

export const useRight = (right: Right): boolean => useSession().rights.includes(right);
