/** The chosen marker: agree with the map, put it where the playhead is, say something about it. */
import { useEffect, useState } from 'preact/hooks';
import type { Annotation } from '../../api';
import { Badge, Button, TextArea, TextField, Toolbar } from '../../components';
import { LABEL_MAX, NOTE_MAX, type AnnotationChange } from '../../compare/annotations';
import { dropDraft, isEmpty, readDraft, unlike, writeDraft, type Draft } from '../../compare/drafts';
import { CONFIRMED, type Marker } from '../../compare/markers';
import { clock, percent, signedSecs } from '../../lib/format';
import type { Deck } from '../../player/deck';

export interface MarkerEditorProps {
  runId: string;
  deck: Deck;
  marker: Marker;
  mayAnnotate: boolean;
  /** A save is under way, or what is stored is not known yet. */
  saving: boolean;
  onSave: (change: AnnotationChange) => Promise<boolean>;
  onClose: () => void;
}

/** An annotation of `marker`, keeping what was said before. */
function annotate(marker: Marker, change: Partial<Annotation>): Annotation {
  const { annotation } = marker;
  return {
    marker_id: marker.id,
    t_ref: marker.refSecs,
    t_new: annotation?.t_new ?? null,
    label: annotation?.label ?? '',
    note: annotation?.note ?? '',
    ...change,
  };
}

export const confirmChange = (marker: Marker): AnnotationChange | null =>
  marker.predictedSecs === null
    ? null
    : { title: `Confirm ${marker.name}`, markerId: marker.id, refSecs: marker.refSecs, next: annotate(marker, { t_new: marker.predictedSecs, label: CONFIRMED }) };

export function moveChange(marker: Marker, newSecs: number): AnnotationChange {
  const { annotation } = marker;
  const label = annotation && annotation.label !== CONFIRMED ? annotation.label : '';
  return { title: `Move ${marker.name}`, markerId: marker.id, refSecs: marker.refSecs, next: annotate(marker, { t_new: newSecs, label }) };
}

/**
 * What is typed but not saved: it waits for the person, whatever happens to the page. What says nothing new is
 * dropped.
 */
function useDraft(runId: string, { id, refSecs, annotation }: Marker, saving: boolean) {
  const [draft, setDraft] = useState<Draft>(() => readDraft(runId, id, refSecs));
  const of = { label: annotation?.label ?? '', note: annotation?.note ?? '' };
  const drop = (text: Draft) => {
    dropDraft(runId, id, refSecs, text);
    setDraft((now) => unlike(now, text));
  };
  useEffect(() => {
    // During a save, what is stored is about to change: then text as before is something new.
    const says = (['label', 'note'] as const).some((field) => draft[field] === of[field]);
    if (says && !saving) drop(of);
  }, [draft, of.label, of.note, saving]);
  return {
    text: { ...of, ...draft },
    changed: !isEmpty(unlike(draft, of)),
    type: (typed: Draft) => {
      const next = { ...draft, ...typed };
      setDraft(next);
      writeDraft(runId, id, refSecs, next);
    },
    drop,
  };
}

export function MarkerEditor({ runId, deck, marker, mayAnnotate, saving, onSave, onClose }: MarkerEditorProps) {
  const stored = marker.annotation;
  const { text, changed, type, drop } = useDraft(runId, marker, saving);
  const confirm = confirmChange(marker);
  const moveHere = () => {
    const { newSecs } = deck.state.get();
    if (newSecs !== null) void onSave(moveChange(marker, newSecs));
  };
  const saveText = async () => {
    const saved = await onSave({ title: `Note on ${marker.name}`, markerId: marker.id, refSecs: marker.refSecs, next: annotate(marker, text) });
    if (saved) drop(text);
  };
  return (
    <section class="editor" aria-label={`Marker ${marker.name}`}>
      <div class="editor-head">
        <h3>{marker.name}</h3>
        {marker.status === 'review' && <Badge tone="warn">needs review</Badge>}
        {marker.status === 'outside' && <Badge>outside: the new run never gets there</Badge>}
        {marker.state !== 'open' && <Badge tone={marker.state === 'confirmed' ? 'ok' : 'info'}>{marker.state}</Badge>}
        <Button small kind="quiet" icon="cross" label="Close marker" onClick={onClose} />
      </div>
      <p class="small muted num">
        Predicted {clock(marker.predictedSecs)}
        {marker.lowSecs !== null && marker.highSecs !== null && ` (${clock(marker.lowSecs, 2)} to ${clock(marker.highSecs, 2)})`}, confidence{' '}
        {percent(marker.confidence)}
        {marker.actualSecs !== null && `. Actual ${clock(marker.actualSecs)}, ${signedSecs(marker.deltaSecs, 3)}`}
      </p>
      {marker.comment && <p class="small">{marker.comment}</p>}
      {mayAnnotate ? (
        <>
          <Toolbar label="Marker time">
            <Button small icon="check" disabled={saving || !confirm || marker.state === 'confirmed'} title="The map is right (C)" onClick={() => confirm && void onSave(confirm)}>
              Confirm
            </Button>
            <Button small disabled={saving} title="The marker belongs where the new run is now (M)" onClick={moveHere}>
              Move to playhead
            </Button>
            {stored && (
              <Button small kind="danger" icon="trash" disabled={saving} onClick={() => void onSave({ title: `Clear ${marker.name}`, markerId: marker.id, refSecs: marker.refSecs, next: null })}>
                Clear
              </Button>
            )}
          </Toolbar>
          <div class="editor-fields">
            <TextField label="Label" value={text.label} maxLength={LABEL_MAX} onInput={(label) => type({ label })} />
            <TextArea label="Note" value={text.note} maxLength={NOTE_MAX} onInput={(note) => type({ note })} />
          </div>
          {changed && (
            <Toolbar label="Label and note">
              <Button small kind="primary" disabled={saving} onClick={() => void saveText()}>
                Save
              </Button>
              <Button small kind="quiet" onClick={() => drop(text)}>
                Discard
              </Button>
              <span class="small muted">Not saved yet; kept in this browser.</span>
            </Toolbar>
          )}
        </>
      ) : (
        stored && (
          <p class="small">
            {stored.label && <Badge>{stored.label}</Badge>} {stored.note}
          </p>
        )
      )}
    </section>
  );
}
