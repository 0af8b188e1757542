//! No code: `tests/house` checks the rules of ARCHITECTURE.md on the repository itself.
