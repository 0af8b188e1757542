/** The preview page. */
import { Empty } from '../../components';

export default function Preview() {
  return <Empty title="Preview" />;
}
