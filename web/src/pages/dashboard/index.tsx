/** The dashboard page. */
import { Empty } from '../../components';

export default function Dashboard() {
  return <Empty title="Dashboard" />;
}
