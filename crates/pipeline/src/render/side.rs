//! The pictures of one run, decoded ahead in a thread of their own.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use mtbsync_media::FrameError;
use mtbsync_media::scale::{ColourFrame, ColourFrames, YuvPicture};

use super::error::RenderProblem;

/// Decoded pictures that wait to be drawn.
const AHEAD: usize = 4;

/// Pictures in order of time; asked for with growing frame numbers.
pub struct SidePictures {
    decoded: Receiver<Result<ColourFrame, FrameError>>,
    current: Option<ColourFrame>,
    next: Option<ColourFrame>,
}

impl SidePictures {
    /// Starts decoding `frames`. The thread ends when there are no more, or when this value is dropped.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, frames: ColourFrames) -> SidePictures {
        let (sender, decoded) = sync_channel(AHEAD);
        scope.spawn(move || {
            for frame in frames {
                if sender.send(frame).is_err() {
                    return;
                }
            }
        });
        SidePictures {
            decoded,
            current: None,
            next: None,
        }
    }

    /// The picture shown at frame `index`: that frame or, where it could not be decoded, the last one before
    /// it (the first one of all when there is none before). `None`: none is wanted, or there is none.
    pub fn shown(&mut self, index: Option<usize>) -> Result<Option<&YuvPicture>, RenderProblem> {
        let Some(index) = index else { return Ok(None) };
        loop {
            if self.next.is_none() {
                self.next = self
                    .decoded
                    .recv()
                    .ok()
                    .transpose()
                    .map_err(RenderProblem::Frame)?;
            }
            match self.next.take() {
                Some(next) if next.index <= index || self.current.is_none() => self.current = Some(next),
                later => {
                    self.next = later;
                    break;
                }
            }
        }
        Ok(self.current.as_ref().map(|current| &current.picture))
    }
}
