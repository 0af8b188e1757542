/** The sync page. */
import { Empty } from '../../components';

export default function Sync() {
  return <Empty title="Sync" />;
}
