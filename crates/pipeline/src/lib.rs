//! Index, sync and transfer as functions: the stages joined, artefacts on disk.
