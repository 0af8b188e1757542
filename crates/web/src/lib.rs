//! The web server: one process on the loopback address that shows the runs below a root folder in a browser.
//!
//! A request passes [`guard`] (who asks, from where, how much), then a handler of [`api`], [`media`] or
//! [`pages`]. Handlers read what runs left on the disk ([`runs`]) through the same functions the command line
//! uses; the only things they write are notes, anchors and what a job (the program itself, started as a
//! child: [`jobs`]) produces. Nothing is kept between two starts of the server.

pub mod api;
pub mod blocking;
pub mod clock;
pub mod config;
pub mod decoder;
pub mod error;
pub mod guard;
pub mod http;
pub mod jobs;
pub mod media;
pub mod pages;
pub mod router;
pub mod runs;
pub mod server;
pub mod state;
mod stopping;

pub use config::{Limits, NamedFiles, Page, Rights, ServerConfig, TOKEN_VARIABLE};
pub use server::{Server, ServerError};
pub use state::AppState;
