//! Things that were skipped or doubted while reading, collected and shown once.
//!
//! A damaged stream must not cost the rest of a recording, so readers go on and leave a [`Warning`] behind.

use crate::FourCc;

/// How many different warnings of one file are kept; a broken file repeats itself.
const MAX_WARNINGS: usize = 64;

/// One thing a person should know about a file that was read all the same.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// A GPMF item claims more bytes than its container has.
    #[error("telemetry item `{key}` is longer than its container; the rest of it was skipped")]
    ItemTooLong {
        /// Key of the item.
        key: FourCc,
    },
    /// Fewer than eight bytes, not padding, at the end of a GPMF container.
    #[error("telemetry ends in the middle of an item header")]
    CutHeader,
    /// A compressed stream (type `#`).
    #[error("telemetry stream `{key}` is compressed and was skipped")]
    Compressed {
        /// Key of the stream.
        key: FourCc,
    },
    /// The layout of a stream cannot be understood: unknown type letter, or `TYPE` does not fit the size.
    #[error("telemetry stream `{key}` has a layout that does not fit its size; it was skipped")]
    BadLayout {
        /// Key of the stream.
        key: FourCc,
    },
    /// `SCAL` has neither one value nor one per axis.
    #[error("telemetry stream `{key}` has {found} scale values for {axes} axes; it was skipped")]
    BadScaleCount {
        /// Key of the stream.
        key: FourCc,
        /// Scale values present.
        found: usize,
        /// Values per sample.
        axes: usize,
    },
    /// A scale of zero, read as one.
    #[error("telemetry stream `{key}` has a scale of zero, read as one")]
    ZeroScale {
        /// Key of the stream.
        key: FourCc,
    },
    /// The total sample count of a stream jumps: samples were lost.
    #[error("telemetry stream `{key}` lost {samples} samples; a gap was left")]
    LostSamples {
        /// Key of the stream.
        key: FourCc,
        /// Samples missing according to the running count.
        samples: u64,
    },
    /// A lens setting that no lens has.
    #[error("telemetry item `{key}` has a value that no lens has; it was skipped")]
    BadLens {
        /// Key of the item.
        key: FourCc,
    },
    /// More streams or devices than any camera writes.
    #[error("telemetry has more than {limit} streams; the others were skipped")]
    TooManyStreams {
        /// The limit.
        limit: usize,
    },
    /// `HMMT` counts more tags than its box has slots.
    #[error("the HiLight box claims {claimed} tags but has {slots} slots")]
    HilightCountTooLarge {
        /// Number in the box.
        claimed: u32,
        /// Slots that exist.
        slots: usize,
    },
    /// A HiLight time beyond the recording.
    #[error("a HiLight tag at {time_secs:.3} s lies beyond the recording and was dropped")]
    HilightBeyondEnd {
        /// The tag's time.
        time_secs: f64,
    },
    /// Track points whose time is before the previous one.
    #[error("{count} track points have times that go back; they were dropped")]
    TimesGoBack {
        /// Number of points.
        count: usize,
    },
    /// Track points that could not be read.
    #[error("{count} track points without a usable time or position were dropped")]
    UnreadablePoints {
        /// Number of points.
        count: usize,
    },
    /// Points of another time than the rest ([`mtbsync_formats::LONGEST_SECS`]).
    #[error("{count} track points lie more than 7 days from the others; they were dropped")]
    FarInTime {
        /// Number of points.
        count: usize,
    },
    /// More points than the limit.
    #[error("the track has more than {limit} points; the rest was dropped")]
    TooManyPoints {
        /// The limit.
        limit: usize,
    },
    /// A checksum in a FIT file does not match.
    #[error("the FIT checksum does not match; the file may be damaged")]
    FitChecksum,
    /// A FIT file that ends early or turns unreadable; the part before is kept.
    #[error("the FIT file is damaged after byte {offset}; the part before it was read")]
    FitDamaged {
        /// Offset of the first unreadable byte.
        offset: usize,
    },
    /// XML that stops being well formed; the part before is kept.
    #[error("the XML is damaged after byte {offset}; the part before it was read")]
    XmlDamaged {
        /// Offset of the first unreadable byte.
        offset: u64,
    },
    /// An MP4 box that claims more bytes than its parent.
    #[error("MP4 box `{name}` is longer than its parent and was skipped")]
    BoxTooLong {
        /// Name of the box.
        name: FourCc,
    },
    /// A fragmented MP4: sample tables hold only the part in `moov`.
    #[error("the MP4 file is fragmented; telemetry inside fragments was not read")]
    Fragmented,
    /// A sample table that contradicts itself.
    #[error("the sample table of track {track_id} is damaged; some samples were skipped")]
    BadSampleTable {
        /// Track id.
        track_id: u32,
    },
}

/// An ordered, bounded set of warnings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warnings {
    list: Vec<Warning>,
}

impl Warnings {
    /// Adds a warning unless the same one is there already or the list is full.
    pub fn push(&mut self, warning: Warning) {
        if self.list.len() < MAX_WARNINGS && !self.list.contains(&warning) {
            self.list.push(warning);
        }
    }

    /// Adds all warnings of another list.
    pub fn extend(&mut self, other: Warnings) {
        for warning in other.list {
            self.push(warning);
        }
    }

    /// The warnings in the order they came.
    pub fn as_slice(&self) -> &[Warning] {
        &self.list
    }

    /// True when nothing was doubted.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<'a> IntoIterator for &'a Warnings {
    type Item = &'a Warning;
    type IntoIter = std::slice::Iter<'a, Warning>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}
