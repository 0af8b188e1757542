//! No code: `tests/it` checks the rules of ARCHITECTURE.md on the repository itself.
