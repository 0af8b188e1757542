/** The viewer page. */
import { Empty } from '../../components';

export default function Viewer() {
  return <Empty title="Viewer" />;
}
