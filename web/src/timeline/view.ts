/** Which part of the new run the curve and the marker lanes show. */

export interface Range {
  fromSecs: number;
  toSecs: number;
}

/** Narrowest view: a few frames. */
const MIN_SPAN_SECS = 1;

/** Zooms by `factor` (below 1: closer) around `centreSecs`, inside `[0, duration]`. */
export function zoomed(range: Range, durationSecs: number, factor: number, centreSecs: number): Range {
  const span = Math.min(Math.max((range.toSecs - range.fromSecs) * factor, Math.min(MIN_SPAN_SECS, durationSecs)), durationSecs);
  const share = (centreSecs - range.fromSecs) / (range.toSecs - range.fromSecs || 1);
  return within(centreSecs - span * Math.min(Math.max(share, 0), 1), span, durationSecs);
}

/** The same span, moved just enough that `secs` is seen; a page on when it has left at the end, as text is turned. */
export function following(range: Range, durationSecs: number, secs: number): Range {
  if (secs >= range.fromSecs && secs <= range.toSecs) return range;
  const span = range.toSecs - range.fromSecs;
  return within(secs - span * 0.1, span, durationSecs);
}

function within(fromSecs: number, span: number, durationSecs: number): Range {
  const from = Math.min(Math.max(0, fromSecs), Math.max(0, durationSecs - span));
  return { fromSecs: from, toSecs: from + span };
}
