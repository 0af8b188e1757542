//! Writing arrays into an archive.

use std::io::{Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::element::NpzElement;
use super::error::NpzError;
use super::header::{self, MAX_MEMBER_BYTES, element_count};
use super::outlived::Outlived;

/// Numbers are converted in pieces of this many bytes.
const PIECE_BYTES: usize = 1 << 16;
/// From here a member needs the 64-bit size fields, which are left out otherwise.
const ZIP64_FROM: u64 = u32::MAX as u64 - (1 << 20);

/// How members are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// As they are: fastest, and right for descriptors, which do not shrink.
    Stored,
    /// Deflated.
    Deflate,
}

/// An archive being written. Members appear in the order they are added, with a fixed time stamp.
pub struct NpzWriter<W: Write + Seek> {
    archive: ZipWriter<Outlived<W>>,
    compression: Compression,
}

impl<W: Write + Seek> NpzWriter<W> {
    /// Starts an archive in `writer`, which should be buffered.
    pub fn new(writer: W, compression: Compression) -> Self {
        Self {
            archive: ZipWriter::new(Outlived::new(writer)),
            compression,
        }
    }

    /// Adds member `name` (without `.npy`) holding `data` in C order.
    ///
    /// # Errors
    /// `data` is not as long as `shape` says or over 4 GiB; or the writer fails.
    pub fn add<T: NpzElement>(&mut self, name: &str, shape: &[usize], data: &[T]) -> Result<(), NpzError> {
        if element_count(shape) != Some(data.len()) {
            return Err(NpzError::member(name, "length does not fit its shape"));
        }
        self.start::<T>(name, shape)?;
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        for numbers in data.chunks(PIECE_BYTES / T::SIZE) {
            piece.clear();
            for number in numbers {
                number.append_to(&mut piece);
            }
            self.archive.write_all(&piece)?;
        }
        Ok(())
    }

    /// Adds member `name` holding numbers of type `T` whose little-endian bytes come from `data`, in C order.
    ///
    /// # Errors
    /// `data` is not as long as `shape` says or over 4 GiB; or reading or writing fails.
    pub fn add_bytes<T: NpzElement>(
        &mut self,
        name: &str,
        shape: &[usize],
        data: &mut impl Read,
    ) -> Result<(), NpzError> {
        let bytes = self.start::<T>(name, shape)?;
        // One byte more than the shape says shows in the count.
        if std::io::copy(&mut data.take(bytes + 1), &mut self.archive)? != bytes {
            return Err(NpzError::member(name, "length does not fit its shape"));
        }
        Ok(())
    }

    /// Begins a member; its length in bytes.
    fn start<T: NpzElement>(&mut self, name: &str, shape: &[usize]) -> Result<u64, NpzError> {
        let bytes = element_count(shape)
            .and_then(|count| count.checked_mul(T::SIZE))
            .map(|bytes| bytes as u64)
            .filter(|&bytes| bytes <= MAX_MEMBER_BYTES)
            .ok_or_else(|| NpzError::member(name, "is over 4 GiB"))?;
        let method = match self.compression {
            Compression::Stored => CompressionMethod::Stored,
            Compression::Deflate => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(bytes >= ZIP64_FROM);
        self.archive.start_file(format!("{name}.npy"), options)?;
        self.archive.write_all(&header::encode(T::DESCR, shape))?;
        Ok(bytes)
    }

    /// Adds a text (JSON) as a u8 array.
    ///
    /// # Errors
    /// The writer fails.
    pub fn add_text(&mut self, name: &str, text: &[u8]) -> Result<(), NpzError> {
        self.add(name, &[text.len()], text)
    }

    /// Writes the directory and returns the writer, not yet flushed.
    ///
    /// # Errors
    /// The writer fails.
    pub fn finish(self) -> Result<W, NpzError> {
        Ok(self.archive.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use half::f16;
    use proptest::prelude::*;

    use super::super::NpzReader;
    use super::*;

    fn sample(compression: Compression) -> Vec<u8> {
        let mut writer = NpzWriter::new(Cursor::new(Vec::new()), compression);
        writer.add("t_ref", &[3], &[0.0, 0.5, 1.25]).unwrap();
        writer.add("kpts", &[1, 2], &[1.5f32, -2.5]).unwrap();
        writer
            .add("dense", &[2, 1], &[f16::from_f32(0.5), f16::from_f32(-1.0)])
            .unwrap();
        writer.add("frame_offsets", &[2], &[0i64, -7]).unwrap();
        writer.add_text("meta", b"{}").unwrap();
        writer.add::<f64>("track", &[0, 6], &[]).unwrap();
        writer.finish().unwrap().into_inner()
    }

    /// A disk with room for so many bytes, which counts what it is asked to write after it was full.
    struct Disk {
        file: Cursor<Vec<u8>>,
        room: usize,
        asked_when_full: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.file.position() as usize + bytes.len() > self.room {
                self.asked_when_full += 1;
                assert_eq!(self.asked_when_full, 1, "nothing is written after a failure");
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.file.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.file.seek(to)
        }
    }

    #[test]
    fn a_full_disk_is_one_error_wherever_it_comes() {
        let written = |compression, room| {
            let disk = Disk {
                file: Cursor::default(),
                room,
                asked_when_full: 0,
            };
            let mut writer = NpzWriter::new(disk, compression);
            writer
                .add("t_ref", &[3], &[0.0, 0.5, 1.25])
                .and_then(|()| writer.add_text("meta", &[b'x'; 700]))
                .and_then(|()| writer.finish())
                .map(|disk| disk.file.into_inner().len())
        };
        for compression in [Compression::Stored, Compression::Deflate] {
            let whole = written(compression, usize::MAX).unwrap();
            assert!((0..whole).all(|room| written(compression, room).is_err()));
            assert_eq!(written(compression, whole).unwrap(), whole);
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for compression in [Compression::Stored, Compression::Deflate] {
            let bytes = sample(compression);
            assert_eq!(bytes, sample(compression), "not deterministic");
            let mut reader = NpzReader::new(Cursor::new(bytes)).unwrap();
            assert_eq!(reader.array::<f64>("t_ref").unwrap().data, [0.0, 0.5, 1.25]);
            let keypoints = reader.shaped::<f32>("kpts", &[None, Some(2)]).unwrap();
            assert_eq!((keypoints.shape, keypoints.data), (vec![1, 2], vec![1.5, -2.5]));
            assert_eq!(reader.array::<f16>("dense").unwrap().data[1].to_f32(), -1.0);
            assert_eq!(reader.array::<i64>("frame_offsets").unwrap().data, [0, -7]);
            assert_eq!(reader.array::<u8>("meta").unwrap().data, b"{}");
            assert_eq!(reader.array::<f64>("track").unwrap().shape, [0, 6]);
            assert!(reader.holds::<f16>("dense").unwrap() && !reader.holds::<u8>("dense").unwrap());
            assert!(!reader.contains("desc"));
        }
    }

    #[test]
    fn a_stored_member_is_located_and_bytes_are_written_as_numbers() {
        let numbers = [1.5f32, -2.5, 1e9];
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let with = |compression| {
            let mut writer = NpzWriter::new(Cursor::new(Vec::new()), compression);
            writer.add_text("meta", b"{}").unwrap();
            writer
                .add_bytes::<f32>("x", &[3, 1], &mut bytes.as_slice())
                .unwrap();
            writer.finish().unwrap().into_inner()
        };
        let file = with(Compression::Stored);
        let mut reader = NpzReader::new(Cursor::new(&file)).unwrap();
        assert_eq!(reader.array::<f32>("x").unwrap().data, numbers);
        let found = reader.locate::<f32>("x").unwrap().unwrap();
        assert_eq!(found.shape, [3, 1]);
        assert_eq!(file[found.offset as usize..][..12], bytes);
        assert!(reader.locate::<f64>("x").is_err());
        let mut damaged = file.clone();
        damaged[found.offset as usize + 5] ^= 1;
        let mut reader = NpzReader::new(Cursor::new(damaged)).unwrap();
        assert!(reader.locate::<f32>("x").is_err());
        let mut reader = NpzReader::new(Cursor::new(with(Compression::Deflate))).unwrap();
        assert_eq!(reader.locate::<f32>("x").unwrap(), None);

        let mut writer = NpzWriter::new(Cursor::new(Vec::new()), Compression::Stored);
        for count in [2, 4] {
            assert!(
                writer
                    .add_bytes::<f32>("y", &[count], &mut bytes.as_slice())
                    .is_err()
            );
        }
    }

    #[test]
    fn wrong_types_shapes_and_names_are_errors() {
        let mut reader = NpzReader::new(Cursor::new(sample(Compression::Deflate))).unwrap();
        assert!(matches!(
            reader.array::<f64>("desc"),
            Err(NpzError::Missing { .. })
        ));
        let error = reader.array::<f64>("kpts").unwrap_err().to_string();
        assert_eq!(error, "member `kpts`: holds `<f4` instead of `<f8`");
        assert!(reader.shaped::<f32>("kpts", &[None, Some(5)]).is_err());
        assert!(reader.shaped::<f32>("kpts", &[None]).is_err());
        let mut writer = NpzWriter::new(Cursor::new(Vec::new()), Compression::Stored);
        assert!(writer.add("x", &[4], &[1.0]).is_err());
        assert!(NpzReader::new(Cursor::new(b"PK no zip".to_vec())).is_err());
    }

    proptest! {
        #[test]
        fn damaged_archives_never_panic(position in 0usize..1400, value in any::<u8>(), cut in 0usize..1400) {
            let mut bytes = sample(Compression::Deflate);
            let length = bytes.len();
            bytes[position % length] = value;
            bytes.truncate(length - cut % 64);
            if let Ok(mut reader) = NpzReader::new(Cursor::new(bytes)) {
                let _ = reader.array::<f64>("t_ref");
                let _ = reader.array::<f32>("kpts");
                let _ = reader.array::<u8>("meta");
            }
        }
    }
}
