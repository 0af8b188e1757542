//! Frames prepared in blocks on demand, of which the last few are kept.
//!
//! Walking along two recordings takes the frames around one place of each. Preparing those of hours at once
//! takes gigabytes; preparing them again for each comparison takes time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::tuning::BLOCK_FRAMES;

/// Blocks of prepared frames.
pub struct FrameBlocks<'a, T> {
    make: Box<dyn Fn(Range<usize>) -> T + Sync + 'a>,
    frames: usize,
    kept: usize,
    recent: Mutex<VecDeque<(usize, Arc<T>)>>,
}

impl<'a, T> FrameBlocks<'a, T> {
    /// Blocks of `frames` frames in all, of which the last `kept` made stay; `make` prepares a range of
    /// frames and gives the same result each time.
    pub fn new(frames: usize, kept: usize, make: impl Fn(Range<usize>) -> T + Sync + 'a) -> Self {
        Self {
            make: Box::new(make),
            frames,
            kept,
            recent: Mutex::new(VecDeque::new()),
        }
    }

    fn range(&self, number: usize) -> Range<usize> {
        let from = number * BLOCK_FRAMES;
        from.min(self.frames)..(from + BLOCK_FRAMES).min(self.frames)
    }

    /// The block that holds frame `i`, and the number of the frame in it.
    pub fn get(&self, i: usize) -> (Arc<T>, usize) {
        let number = i / BLOCK_FRAMES;
        let within = i % BLOCK_FRAMES;
        if let Some(block) = self.find(number) {
            return (block, within);
        }
        // Made without the lock: another thread may make the same meanwhile, which costs time and nothing
        // else.
        let block = Arc::new((self.make)(self.range(number)));
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= self.kept {
            recent.pop_front();
        }
        recent.push_back((number, Arc::clone(&block)));
        (block, within)
    }

    fn find(&self, number: usize) -> Option<Arc<T>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let found = recent.iter().rev().find(|(known, _)| *known == number)?;
        Some(Arc::clone(&found.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_found_in_its_block_however_often_and_in_which_order() {
        let blocks = FrameBlocks::new(1000, 5, |frames| frames.collect::<Vec<usize>>());
        for step in [1, 7, 333, 999] {
            for i in (0..2000).map(|k| k * step % 1000) {
                let (block, within) = blocks.get(i);
                assert_eq!(block[within], i);
                assert!(block.len() <= BLOCK_FRAMES);
            }
        }
        assert!(blocks.recent.lock().unwrap().len() <= 5);
    }
}
