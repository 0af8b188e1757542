//! Evidence, sequence model, refinement and the monotone time warp.
