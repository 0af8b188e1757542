/** The compare page. */
import { Empty } from '../../components';

export default function Compare() {
  return <Empty title="Compare" />;
}
