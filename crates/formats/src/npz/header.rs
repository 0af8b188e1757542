//! The header of a `.npy` member: magic, version, length, and a Python dictionary literal of three entries.
//! Source: numpy's `numpy.lib.format` documentation.

use std::io::{self, Read};

/// Largest member this program reads or writes.
pub(super) const MAX_MEMBER_BYTES: u64 = 4 << 30;
/// Longest dictionary accepted; a plain array needs about a hundred bytes.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// numpy aligns the data to this many bytes.
const ALIGNMENT: usize = 64;
/// Most dimensions accepted.
const MAX_DIMENSIONS: usize = 8;
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Type and shape of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub descr: String,
    pub shape: Vec<usize>,
}

/// The number of elements of `shape`, or `None` when it does not fit.
pub(super) fn element_count(shape: &[usize]) -> Option<usize> {
    shape
        .iter()
        .try_fold(1usize, |count, &length| count.checked_mul(length))
}

/// Magic, version 1.0 and the dictionary, padded so that the data is aligned.
pub(super) fn encode(descr: &str, shape: &[usize]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut dictionary = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        lengths.join(", ")
    );
    let prefix_length = MAGIC.len() + 2 + 2;
    let unpadded = prefix_length + dictionary.len() + 1;
    dictionary.push_str(&" ".repeat(unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    dictionary.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[1, 0]);
    // At most eight lengths of twenty digits: far below u16.
    bytes.extend_from_slice(&(dictionary.len() as u16).to_le_bytes());
    bytes.extend_from_slice(dictionary.as_bytes());
    bytes
}

/// Why a header is none.
#[derive(Debug)]
pub(super) enum HeaderError {
    /// The system could not read it.
    System(io::Error),
    /// What is wrong with it.
    Wrong(String),
}

impl From<io::Error> for HeaderError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(_) => Self::System(error),
            None => Self::Wrong("is truncated".to_owned()),
        }
    }
}

impl From<String> for HeaderError {
    fn from(problem: String) -> Self {
        Self::Wrong(problem)
    }
}

/// Reads the header and leaves `reader` at the first byte of data.
pub(super) fn decode(reader: &mut impl Read) -> Result<Header, HeaderError> {
    let mut start = [0; 8];
    reader.read_exact(&mut start)?;
    if !start.starts_with(MAGIC) {
        return Err("is not a npy array".to_owned().into());
    }
    let [.., major, minor] = start;
    let length = match (major, minor) {
        (1, 0) => {
            let mut length = [0; 2];
            reader.read_exact(&mut length)?;
            usize::from(u16::from_le_bytes(length))
        }
        (2, 0) => {
            let mut length = [0; 4];
            reader.read_exact(&mut length)?;
            usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
        }
        _ => return Err(format!("npy format {major}.{minor} is not supported").into()),
    };
    if length > MAX_HEADER_BYTES {
        return Err("header is too long".to_owned().into());
    }
    let mut dictionary = vec![0; length];
    reader.read_exact(&mut dictionary)?;
    let dictionary = std::str::from_utf8(&dictionary).map_err(|_| "header is not text".to_owned())?;
    Ok(parse_dictionary(dictionary)?)
}

fn parse_dictionary(text: &str) -> Result<Header, String> {
    let descr = value_of(text, "descr")?;
    let Some(descr) = quoted(descr) else {
        return Err("has records, not numbers".to_owned());
    };
    let is_fortran = value_of(text, "fortran_order")?;
    if is_fortran.starts_with("True") {
        return Err("is in Fortran order".to_owned());
    }
    if !is_fortran.starts_with("False") {
        return Err("header is damaged".to_owned());
    }
    let shape = value_of(text, "shape")?;
    let shape = shape
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(inside, _)| inside);
    let shape = shape.ok_or("header is damaged")?;
    let lengths = shape
        .split(',')
        .map(str::trim)
        .filter(|length| !length.is_empty());
    let shape: Result<Vec<usize>, _> = lengths.take(MAX_DIMENSIONS + 1).map(str::parse).collect();
    let shape = shape.map_err(|_| "header is damaged")?;
    if shape.len() > MAX_DIMENSIONS {
        return Err("has too many dimensions".to_owned());
    }
    Ok(Header {
        descr: descr.to_owned(),
        shape,
    })
}

/// The text after `'key':`, blanks removed.
fn value_of<'a>(dictionary: &'a str, key: &str) -> Result<&'a str, String> {
    let found = [format!("'{key}':"), format!("\"{key}\":")]
        .iter()
        .find_map(|pattern| dictionary.split_once(pattern.as_str()));
    found
        .map(|(_, value)| value.trim_start())
        .ok_or_else(|| format!("header has no {key}"))
}

fn quoted(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|c| *c == '\'' || *c == '"')?;
    value.get(1..)?.split_once(quote).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip_aligned() {
        for shape in [vec![], vec![0], vec![7], vec![3, 5], vec![1, 2, 3]] {
            let bytes = encode("<f8", &shape);
            assert_eq!(bytes.len() % ALIGNMENT, 0);
            let header = Header {
                descr: "<f8".into(),
                shape,
            };
            assert_eq!(decode(&mut bytes.as_slice()).unwrap(), header);
        }
    }

    #[test]
    fn what_would_need_more_than_numbers_is_refused() {
        let with = |dictionary: &str| parse_dictionary(dictionary).unwrap_err();
        assert_eq!(
            with("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,)}"),
            "has records, not numbers"
        );
        assert_eq!(
            with("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2)}"),
            "is in Fortran order"
        );
        assert_eq!(
            with("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}"),
            "header is damaged"
        );
        assert_eq!(
            with("{'descr': '<f8', 'fortran_order': False}"),
            "header has no shape"
        );
    }
}
