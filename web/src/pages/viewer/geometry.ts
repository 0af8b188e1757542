/** Equal scales, and labels that do not cover each other. Pure. */

/** Distances of ticks on a clock, seconds: whole, because labels are. */
export const CLOCK_STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

export type Extent = readonly [low: number, high: number];

export interface Scales {
  x: Extent;
  y: Extent;
}

/**
 * Extents around the wanted ones in which a second is as long on both axes, for a picture of `width` × `height` pixels. The axis with
 * room to spare is widened on both sides.
 */
export function equalScales(x: Extent, y: Extent, width: number, height: number): Scales {
  const secsPerPixel = Math.max((x[1] - x[0]) / width, (y[1] - y[0]) / height);
  if (!(secsPerPixel > 0) || !Number.isFinite(secsPerPixel)) return { x: [x[0], x[0] + 1], y: [y[0], y[0] + 1] };
  const widen = ([low, high]: Extent, pixels: number): Extent => {
    const spare = (pixels * secsPerPixel - (high - low)) / 2;
    return [low - spare, high + spare];
  };
  return { x: widen(x, width), y: widen(y, height) };
}

/** Height that lets `y` fill a picture of that width at equal scales, kept within limits. */
export function fittingHeight(x: Extent, y: Extent, width: number, limits: Extent): number {
  const ideal = (width * (y[1] - y[0])) / Math.max(x[1] - x[0], Number.EPSILON);
  return Math.round(Math.min(Math.max(Number.isFinite(ideal) ? ideal : limits[0], limits[0]), limits[1]));
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const overlap = (a: Box, b: Box): boolean => a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

/**
 * Places for labels of these sizes at their points, first come first served: above left of the point (the free side of a rising curve),
 * else below right; null where both are taken or outside `frame`.
 */
export function placeLabels(points: readonly { x: number; y: number; width: number; height: number }[], frame: Box, gap: number): (Box | null)[] {
  const taken: Box[] = [];
  return points.map(({ x, y, width, height }) => {
    const choices: Box[] = [
      { left: x - gap - width, top: y - gap - height, width, height },
      { left: x + gap, top: y + gap, width, height },
    ];
    const inside = (box: Box) => box.left >= frame.left && box.top >= frame.top && box.left + width <= frame.left + frame.width && box.top + height <= frame.top + frame.height;
    const free = choices.find((box) => inside(box) && !taken.some((other) => overlap(other, box)));
    if (free) taken.push(free);
    return free ?? null;
  });
}
