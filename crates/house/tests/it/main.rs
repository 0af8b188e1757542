//! The rules of ARCHITECTURE.md, checked on the files of the repository.

#![allow(clippy::unwrap_used)]

mod dependencies;
mod documents;
mod files;
mod rust;
mod text;
