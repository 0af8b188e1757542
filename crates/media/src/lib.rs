//! Opens recordings and samples their frames with exact presentation times.
//!
//! Start with [`Recording::open`]: it indexes the file without decoding it and says what it is
//! ([`Recording::info`]) and when each frame is shown ([`Recording::timeline`]). [`Recording::plan`] chooses
//! frames near a regular grid, key frames alone where they suffice, and [`Recording::frames`] decodes them
//! one by one into upright, square-pixelled, full-range luma pictures.
//!
//! ```
//! use std::path::Path;
//!
//! use mtbsync_media::{FrameOptions, OpenOptions, Recording};
//!
//! let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/sample/reference.mp4");
//! let recording = Recording::open(&path, &OpenOptions::default())?;
//! let plan = recording.plan_windows(&[(1.0, 1.5)], 4.0);
//! let options = FrameOptions { max_dim: 160, threads: 1 };
//! for frame in recording.frames(&plan, &options) {
//!     let frame = frame?;
//!     assert_eq!((frame.width, frame.height, frame.data.len()), (160, 90, 160 * 90));
//!     assert_eq!(frame.t_secs, recording.timeline().pts_secs(frame.index));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! GoPro chapters are joined and proxies used without being asked for ([`OpenOptions`] switches it off); the
//! [`gopro`] module has the rules. [`read_user_data`] hands out the camera's own notes,
//! [`copy_with_chapters`] writes a copy of an MP4 with chapters.
//!
//! What people look at goes another way: [`Recording::colour_frames`] delivers colour pictures ([`scale`]),
//! [`SoundReader`] the sound, and [`encode`] writes movies and JPEGs.
//!
//! All times are presentation times: edit lists are applied, frame durations may vary, and 0 is the first
//! frame that is shown. What the system cannot read is an error, never a short recording (`source`); what is
//! decoded at all, and how much memory that may take, is in `fence`. FFmpeg is linked, and stays behind the
//! modules `demux` (containers), `decoder` (pictures), `luma` and `scale` (pixels), `sound` and `encode`.

mod capabilities;
mod decoder;
mod demux;
pub mod encode;
mod error;
mod fence;
mod frames;
pub mod gopro;
mod index;
mod info;
mod layout;
mod luma;
mod mp4box;
mod mux;
mod opened_file;
mod orientation;
mod packet_feed;
mod part;
mod part_stream;
mod plan;
mod rational;
mod recording;
pub mod scale;
mod sound;
mod source;
mod stand_in;
mod timeline;
mod tuning;

pub use capabilities::{Capabilities, CodecSupport, capabilities};
pub use demux::StreamKind;
pub use error::{FrameError, OpenError};
pub use frames::{FrameOptions, FrameStream, LumaFrame};
pub use info::{StreamSummary, VideoInfo};
pub use mp4box::read_user_data;
pub use mtbsync_formats::bmff::ChapterMark;
pub use mux::{ChapterError, copy_with_chapters, is_own_movie, mark_as_own};
pub use plan::{FrameRole, PlanMode, PlannedFrame, SamplePlan, SampleRequest};
pub use rational::Rational;
pub use recording::{Chapter, OpenOptions, Recording};
pub use sound::SoundReader;
pub use timeline::{KeyFrameSpacing, Pts, Timeline};
pub use tuning::KEY_GAP_SLACK;
