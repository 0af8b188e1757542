/** How far the pairs of a run lie from its curve. Pure. */
import type { Pairs } from '../../api/types';
import type { WarpMap } from '../../player/warp';

/** `|t_ref − map(t_new)|` of each pair inside the map, seconds. */
export function residualsSecs(pairs: Pairs, map: WarpMap): number[] {
  return pairs.t_new.flatMap((tNew, index) => {
    const there = map.refFromNew(tNew);
    const tRef = pairs.t_ref[index];
    return there === null || tRef === undefined ? [] : [Math.abs(tRef - there)];
  });
}
