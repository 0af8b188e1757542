//! Columns on their way to a nameless file: what is described takes room on the disk, not memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use mtbsync_task::error::PipelineError;
use mtbsync_vision::orb::{Keypoint, LocalFeatures};
use mtbsync_vision::recurring::SortedFeatures;

use crate::column::{BlockSums, Column, IndexFile};
use crate::error::IndexProblem;
use crate::features::LOCAL_BYTES;

/// A nameless file in `folder`, or in the system's temporary folder where that takes none.
fn nameless(folder: Option<&Path>) -> io::Result<File> {
    let wanted = folder.and_then(|folder| tempfile::tempfile_in(folder).ok());
    wanted.map_or_else(tempfile::tempfile, Ok)
}

/// A column being written.
pub(crate) struct Spool {
    file: BufWriter<File>,
    width: usize,
    bytes: usize,
    sums: BlockSums,
}

impl Spool {
    pub(crate) fn new(width: usize, folder: Option<&Path>) -> Result<Self, IndexProblem> {
        Ok(Self {
            file: BufWriter::new(nameless(folder).map_err(IndexProblem::Temporary)?),
            width,
            bytes: 0,
            sums: BlockSums::default(),
        })
    }

    /// Appends the bytes of whole rows.
    pub(crate) fn push(&mut self, rows: &[u8]) -> Result<(), IndexProblem> {
        self.bytes += rows.len();
        self.sums.update(rows);
        self.file.write_all(rows).map_err(IndexProblem::Temporary)
    }

    /// Rows so far.
    pub(crate) fn rows(&self) -> usize {
        self.bytes / self.width
    }

    pub(crate) fn finish(self) -> Result<Column, IndexProblem> {
        let shape = [self.rows(), self.width];
        let file = self.file.into_inner();
        let file = file.map_err(|error| IndexProblem::Temporary(error.into_error()))?;
        Ok(Column::in_file(
            shape,
            &IndexFile::new(file),
            0,
            self.sums.finish(),
        ))
    }
}

/// x, y, size, angle, response.
const POINT_NUMBERS: usize = 5;

/// Local features of all frames as they were found, before it is known which of them are worth keeping.
pub(crate) struct FoundSpool {
    ends: Vec<usize>,
    points: Spool,
    descriptors: Spool,
    order: Spool,
}

impl FoundSpool {
    pub(crate) fn new(folder: Option<&Path>) -> Result<Self, IndexProblem> {
        Ok(Self {
            ends: vec![0],
            points: Spool::new(POINT_NUMBERS * size_of::<f32>(), folder)?,
            descriptors: Spool::new(LOCAL_BYTES, folder)?,
            order: Spool::new(size_of::<u32>(), folder)?,
        })
    }

    /// Frames so far.
    pub(crate) fn frames(&self) -> usize {
        self.ends.len() - 1
    }

    pub(crate) fn push(&mut self, found: &SortedFeatures) -> Result<(), IndexProblem> {
        let points = found.features.keypoints.iter();
        let numbers = points.flat_map(|k| [k.x, k.y, k.size, k.angle_deg, k.response]);
        let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        self.points.push(&bytes)?;
        self.descriptors.push(found.features.descriptors.as_flattened())?;
        let order: Vec<u8> = found.order.iter().flat_map(|k| k.to_le_bytes()).collect();
        self.order.push(&order)?;
        self.ends.push(self.points.rows());
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Found, IndexProblem> {
        Ok(Found {
            ends: self.ends,
            points: self.points.finish()?,
            descriptors: self.descriptors.finish()?,
            order: self.order.finish()?,
        })
    }
}

/// Local features of all frames, on disk.
pub(crate) struct Found {
    ends: Vec<usize>,
    points: Column,
    descriptors: Column,
    order: Column,
}

impl Found {
    pub(crate) fn frames(&self) -> usize {
        self.ends.len() - 1
    }

    /// Whether all that was read could be read.
    pub(crate) fn check(&self) -> Result<(), PipelineError> {
        [&self.points, &self.descriptors, &self.order]
            .into_iter()
            .try_for_each(Column::check)
    }

    /// Those of a frame.
    pub(crate) fn frame(&self, i: usize) -> SortedFeatures {
        let rows = self.ends[i]..self.ends[i + 1];
        let read = |column: &Column| {
            let mut bytes = Vec::new();
            column.read(rows.clone(), &mut bytes);
            bytes
        };
        let (points, order) = (read(&self.points), read(&self.order));
        let numbers: Vec<f32> = points
            .as_chunks()
            .0
            .iter()
            .map(|&n| f32::from_le_bytes(n))
            .collect();
        let points = numbers.as_chunks::<POINT_NUMBERS>().0.iter();
        let keypoint = |&[x, y, size, angle_deg, response]: &[f32; POINT_NUMBERS]| Keypoint {
            x,
            y,
            size,
            angle_deg,
            response,
        };
        SortedFeatures {
            features: LocalFeatures {
                keypoints: points.map(keypoint).collect(),
                descriptors: read(&self.descriptors).as_chunks::<LOCAL_BYTES>().0.to_vec(),
            },
            order: order
                .as_chunks()
                .0
                .iter()
                .map(|&n| u32::from_le_bytes(n))
                .collect(),
        }
    }
}
