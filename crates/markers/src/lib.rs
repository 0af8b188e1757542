//! Marker schema, transfer through a time warp, import and export for editors.
