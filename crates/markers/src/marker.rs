//! A marker as a person wrote it for the reference run, and the table it came from.

/// A place along the reference run, with everything its author wrote about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Identity as given, or the row number from 1.
    pub id: String,
    /// Name shown in editors; may be equal to others, may be empty.
    pub name: String,
    /// Time in the reference recording, in seconds; may lie outside of it.
    pub t_ref_secs: f64,
    /// End in the reference recording, for markers with a length.
    pub t_ref_end_secs: Option<f64>,
    /// Colour as written; see [`crate::colour`].
    pub colour: String,
    /// Free text.
    pub comment: String,
    /// Cells of [`MarkerTable::extra_columns`], as written.
    pub extra: Vec<String>,
}

/// Markers in the order of their file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MarkerTable {
    /// Names of the columns carried along unchanged, in order.
    pub extra_columns: Vec<String>,
    /// Whether the file has a column for the end of markers.
    pub has_ends: bool,
    /// The markers.
    pub markers: Vec<Marker>,
    /// What was guessed or repaired, for people.
    pub warnings: Vec<String>,
}
