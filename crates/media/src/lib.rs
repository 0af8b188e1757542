//! Opens recordings and samples their frames with exact presentation times.
