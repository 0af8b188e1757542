/** The telemetry page. */
import { Empty } from '../../components';

export default function Telemetry() {
  return <Empty title="Telemetry" />;
}
