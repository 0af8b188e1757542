//! What GoPro cameras do around a recording: they cut it into chapter files, write a small proxy beside each,
//! and put an identity into all of them. Other cameras' files match none of the patterns and are left alone.

mod chapters;
mod identity;
mod names;
mod proxy;

pub use chapters::{ChapterSet, ChapterWarning, resolve_chapters};
pub use identity::MediaId;
pub use names::{Family, GoProName};
pub use proxy::find_proxy;
