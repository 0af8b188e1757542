//! Reading arrays out of an archive.

use std::io::{self, Read, Seek};

use zip::{CompressionMethod, ZipArchive};

use super::element::NpzElement;
use super::error::NpzError;
use super::header::{self, Header, HeaderError, MAX_MEMBER_BYTES, element_count};

/// More members than any file of this program has.
const MAX_MEMBERS: usize = 256;
/// Data is converted in pieces of this many bytes, a multiple of every element size.
const PIECE_BYTES: usize = 1 << 16;
/// Largest reservation made on the word of a header; beyond it the array grows with the data that is there.
const MAX_RESERVED_ELEMENTS: usize = 1 << 20;

/// An array in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<T> {
    /// Lengths of the dimensions, slowest first.
    pub shape: Vec<usize>,
    /// The product of `shape` many numbers.
    pub data: Vec<T>,
}

/// A member as it lies in the file: its numbers can be read a part at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSpan {
    /// Lengths of the dimensions, slowest first.
    pub shape: Vec<usize>,
    /// Where in the file the first number begins.
    pub offset: u64,
}

/// An open archive.
#[derive(Debug)]
pub struct NpzReader<R> {
    archive: ZipArchive<R>,
}

impl<R: Read + Seek> NpzReader<R> {
    /// Opens an archive; its members are read when asked for.
    ///
    /// # Errors
    /// Not a zip archive, or one with too many members.
    pub fn new(reader: R) -> Result<Self, NpzError> {
        let archive = ZipArchive::new(reader)?;
        if archive.len() > MAX_MEMBERS {
            return Err(NpzError::TooManyMembers { count: archive.len() });
        }
        Ok(Self { archive })
    }

    /// Reads every member to its end and compares it with its checksum.
    ///
    /// # Errors
    /// A member is not what was written, or cannot be read.
    pub fn check_all(&mut self) -> Result<(), NpzError> {
        for index in 0..self.archive.len() {
            io::copy(&mut self.archive.by_index(index)?, &mut io::sink())?;
        }
        Ok(())
    }

    /// Whether there is a member `name` (without `.npy`).
    pub fn contains(&self, name: &str) -> bool {
        self.archive.index_for_name(&format!("{name}.npy")).is_some()
    }

    /// Whether member `name` holds numbers of type `T`, so that alternatives (`f16` or `u8`) can be told
    /// apart.
    ///
    /// # Errors
    /// The member is missing or not a plain array.
    pub fn holds<T: NpzElement>(&mut self, name: &str) -> Result<bool, NpzError> {
        let (header, _) = self.open(name)?;
        Ok(is_type::<T>(&header))
    }

    /// Reads member `name` (without `.npy`) with its shape.
    ///
    /// # Errors
    /// The member is missing, not a plain array of `T`, over 4 GiB, or its length does not fit its shape.
    pub fn array<T: NpzElement>(&mut self, name: &str) -> Result<Array<T>, NpzError> {
        let (header, mut data) = self.open(name)?;
        let count = count_of::<T>(name, &header)?;
        let numbers = read_numbers::<T>(&mut data, count)?;
        // One byte more than the shape says, or a checksum that does not hold, shows here.
        let mut rest = [0; 1];
        if numbers.len() != count || data.read(&mut rest)? != 0 {
            return Err(NpzError::member(name, "length does not fit its shape"));
        }
        Ok(Array {
            shape: header.shape,
            data: numbers,
        })
    }

    /// Reads member `name`, a row of at most `most` numbers; a longer one is not unpacked.
    ///
    /// # Errors
    /// As [`array`](Self::array), or the member is no row, or a longer one.
    pub fn bounded<T: NpzElement>(&mut self, name: &str, most: usize) -> Result<Array<T>, NpzError> {
        match self.shape(name)?.as_slice() {
            [count] if *count <= most => self.array(name),
            shape => Err(NpzError::member(name, format!("has the wrong shape {shape:?}"))),
        }
    }

    /// Reads member `name`, whose shape must be this one; `None` in `shape` allows any length there. Another
    /// shape is not unpacked.
    ///
    /// # Errors
    /// As [`array`](Self::array), or the shape is another one.
    pub fn shaped<T: NpzElement>(
        &mut self,
        name: &str,
        shape: &[Option<usize>],
    ) -> Result<Array<T>, NpzError> {
        let found = self.shape(name)?;
        let fits = found.len() == shape.len()
            && found
                .iter()
                .zip(shape)
                .all(|(have, want)| want.is_none_or(|want| want == *have));
        if fits {
            self.array(name)
        } else {
            Err(NpzError::member(name, format!("has the wrong shape {found:?}")))
        }
    }

    /// The shape that member `name` says it has.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn shape(&mut self, name: &str) -> Result<Vec<usize>, NpzError> {
        self.open(name).map(|(header, _)| header.shape)
    }

    /// Where member `name` (without `.npy`) lies, when it is stored as it is; `None` for a compressed one.
    /// The whole member is read once, so that a checksum that does not hold shows now.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn locate<T: NpzElement>(&mut self, name: &str) -> Result<Option<MemberSpan>, NpzError> {
        let Some(index) = self.archive.index_for_name(&format!("{name}.npy")) else {
            return Err(NpzError::Missing {
                name: name.to_owned(),
            });
        };
        let member = self.archive.by_index(index)?;
        let (size, start) = (member.size(), member.data_start());
        let Some(start) = start.filter(|_| member.compression() == CompressionMethod::Stored) else {
            return Ok(None);
        };
        if member.compressed_size() != size {
            return Err(NpzError::member(name, "has two lengths"));
        }
        drop(member);
        let (header, mut data) = self.open(name)?;
        let count = count_of::<T>(name, &header)?;
        let bytes = (count * T::SIZE) as u64;
        let mut piece = vec![0; PIECE_BYTES];
        let mut read = 0u64;
        loop {
            match data.read(&mut piece)? {
                0 => break,
                more => read += more as u64,
            }
        }
        let offset = size
            .checked_sub(bytes)
            .and_then(|header| start.checked_add(header));
        match offset {
            Some(offset) if read == bytes => Ok(Some(MemberSpan {
                shape: header.shape,
                offset,
            })),
            _ => Err(NpzError::member(name, "length does not fit its shape")),
        }
    }

    fn open(&mut self, name: &str) -> Result<(Header, impl Read), NpzError> {
        let Some(index) = self.archive.index_for_name(&format!("{name}.npy")) else {
            return Err(NpzError::Missing {
                name: name.to_owned(),
            });
        };
        let mut member = self.archive.by_index(index)?;
        if member.size() > MAX_MEMBER_BYTES {
            return Err(NpzError::member(name, "is over 4 GiB"));
        }
        let header = header::decode(&mut member).map_err(|error| match error {
            HeaderError::System(error) => NpzError::Io(error),
            HeaderError::Wrong(problem) => NpzError::member(name, problem),
        })?;
        Ok((header, member))
    }
}

/// The number of elements, when they are of type `T` and not too many.
fn count_of<T: NpzElement>(name: &str, header: &Header) -> Result<usize, NpzError> {
    if !is_type::<T>(header) {
        let problem = format!("holds `{}` instead of `{}`", header.descr, T::DESCR);
        return Err(NpzError::member(name, problem));
    }
    let count = element_count(&header.shape).filter(|count| {
        count
            .checked_mul(T::SIZE)
            .is_some_and(|bytes| bytes as u64 <= MAX_MEMBER_BYTES)
    });
    count.ok_or_else(|| NpzError::member(name, "is over 4 GiB"))
}

fn is_type<T: NpzElement>(header: &Header) -> bool {
    // A byte has no byte order, but numpy versions differ in how they say so.
    header.descr == T::DESCR || T::SIZE == 1 && header.descr == "<u1"
}

/// Up to `count` numbers; fewer when the data ends early.
fn read_numbers<T: NpzElement>(data: &mut impl Read, count: usize) -> Result<Vec<T>, NpzError> {
    let mut numbers = Vec::with_capacity(count.min(MAX_RESERVED_ELEMENTS));
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    while numbers.len() < count {
        let wanted = (count - numbers.len()).saturating_mul(T::SIZE).min(PIECE_BYTES);
        piece.clear();
        data.by_ref().take(wanted as u64).read_to_end(&mut piece)?;
        numbers.extend(piece.chunks_exact(T::SIZE).map(T::from_bytes));
        if piece.len() < wanted {
            break;
        }
    }
    Ok(numbers)
}
