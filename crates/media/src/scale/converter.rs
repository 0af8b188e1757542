//! What becomes of a decoded picture: the one thing in which luma for the analysis and colour for people
//! differ.

use ffmpeg_next as ffmpeg;

use crate::error::FrameError;
use crate::part::Part;

/// Makes pictures of one kind out of the decoded ones of one file.
pub(crate) trait PictureConverter: Sized {
    /// What is asked of the pictures.
    type Options: Copy;
    /// What is made.
    type Picture;

    /// For the pictures of `part`.
    fn new(part: &Part, options: &Self::Options) -> Self;

    /// The picture made of `frame`.
    fn convert(&mut self, frame: &ffmpeg::frame::Video) -> Result<Self::Picture, FrameError>;
}
