//! Typed values of GPMF items: numbers of every type, text, and the layout of mixed structures.

use mtbsync_formats::bytes::{array_at, latin1_text};

use crate::gpmf::klv::KlvItem;

/// Most fields one structure can have: its size is a byte.
const MAX_FIELDS: usize = 255;

/// Type of one field, from its GPMF letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// `b`
    I8,
    /// `B`
    U8,
    /// `s`
    I16,
    /// `S`
    U16,
    /// `l`
    I32,
    /// `L`
    U32,
    /// `j`
    I64,
    /// `J`
    U64,
    /// `q`, fixed point 16.16
    Q16,
    /// `Q`, fixed point 32.32
    Q32,
    /// `f`
    F32,
    /// `d`
    F64,
    /// `c`, one character
    Char,
    /// `F`, four-character code
    FourCc,
    /// `G`, 128-bit id
    Guid,
    /// `U`, sixteen characters `yymmddhhmmss.sss`
    Utc,
}

impl FieldType {
    /// The type a letter stands for; `None` for unknown letters, `?`, `#` and nesting.
    pub fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'b' => Self::I8,
            b'B' => Self::U8,
            b's' => Self::I16,
            b'S' => Self::U16,
            b'l' => Self::I32,
            b'L' => Self::U32,
            b'j' => Self::I64,
            b'J' => Self::U64,
            b'q' => Self::Q16,
            b'Q' => Self::Q32,
            b'f' => Self::F32,
            b'd' => Self::F64,
            b'c' => Self::Char,
            b'F' => Self::FourCc,
            b'G' => Self::Guid,
            b'U' => Self::Utc,
            _ => return None,
        })
    }

    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Char => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::Q16 | Self::F32 | Self::FourCc => 4,
            Self::I64 | Self::U64 | Self::Q32 | Self::F64 => 8,
            Self::Guid | Self::Utc => 16,
        }
    }

    /// The number at `offset`, or `None` when it is no number or lies past the end.
    pub fn number_at(self, bytes: &[u8], offset: usize) -> Option<f64> {
        Some(match self {
            Self::I8 => f64::from(i8::from_be_bytes(array_at(bytes, offset)?)),
            Self::U8 => f64::from(u8::from_be_bytes(array_at(bytes, offset)?)),
            Self::I16 => f64::from(i16::from_be_bytes(array_at(bytes, offset)?)),
            Self::U16 => f64::from(u16::from_be_bytes(array_at(bytes, offset)?)),
            Self::I32 => f64::from(i32::from_be_bytes(array_at(bytes, offset)?)),
            Self::U32 => f64::from(u32::from_be_bytes(array_at(bytes, offset)?)),
            Self::I64 => i64::from_be_bytes(array_at(bytes, offset)?) as f64,
            Self::U64 => u64::from_be_bytes(array_at(bytes, offset)?) as f64,
            Self::Q16 => f64::from(i32::from_be_bytes(array_at(bytes, offset)?)) / 65_536.0,
            Self::Q32 => i64::from_be_bytes(array_at(bytes, offset)?) as f64 / 4_294_967_296.0,
            Self::F32 => f64::from(f32::from_be_bytes(array_at(bytes, offset)?)),
            Self::F64 => f64::from_be_bytes(array_at(bytes, offset)?),
            Self::Char | Self::FourCc | Self::Guid | Self::Utc => return None,
        })
    }
}

/// Fields of one sample, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLayout {
    fields: Vec<FieldType>,
}

impl SampleLayout {
    /// The layout of a data item; mixed items (`?`) take it from the text of the `TYPE` before them.
    /// `None` when a letter is unknown or the fields do not add up to the structure size.
    pub fn of(item: &KlvItem<'_>, type_text: Option<&str>) -> Option<Self> {
        let fields = if item.kind == b'?' {
            expand_type_text(type_text?)?
        } else {
            let field = FieldType::from_letter(item.kind)?;
            vec![field; item.size / field.size()]
        };
        let size: usize = fields.iter().map(|field| field.size()).sum();
        (size == item.size && !fields.is_empty()).then_some(Self { fields })
    }

    /// Values per sample.
    pub fn axes(&self) -> usize {
        self.fields.len()
    }

    /// The numbers of one structure; fields that are no numbers come as NaN.
    pub fn numbers<'a>(&'a self, structure: &'a [u8]) -> impl Iterator<Item = f64> + 'a {
        self.fields.iter().scan(0_usize, move |offset, field| {
            let value = field.number_at(structure, *offset).unwrap_or(f64::NAN);
            *offset += field.size();
            Some(value)
        })
    }
}

/// `lllllllSS` or `f[3]L` to one type per field.
fn expand_type_text(text: &str) -> Option<Vec<FieldType>> {
    let mut fields = Vec::new();
    let mut letters = text.bytes().peekable();
    while let Some(letter) = letters.next() {
        let field = FieldType::from_letter(letter)?;
        let mut count = 1_usize;
        if letters.next_if_eq(&b'[').is_some() {
            count = 0;
            loop {
                match letters.next()? {
                    digit @ b'0'..=b'9' => count = count * 10 + usize::from(digit - b'0'),
                    b']' => break,
                    _ => return None,
                }
                if count > MAX_FIELDS {
                    return None;
                }
            }
        }
        if fields.len() + count > MAX_FIELDS {
            return None;
        }
        fields.extend(std::iter::repeat_n(field, count));
    }
    Some(fields)
}

/// All numbers of an item of one simple type, e.g. the values of `SCAL`.
pub fn numbers(item: &KlvItem<'_>) -> Vec<f64> {
    let Some(field) = FieldType::from_letter(item.kind) else {
        return Vec::new();
    };
    (0..item.data.len() / field.size())
        .filter_map(|i| field.number_at(item.data, i * field.size()))
        .collect()
}

/// The first number of an item.
pub fn first_number(item: &KlvItem<'_>) -> Option<f64> {
    FieldType::from_letter(item.kind)?.number_at(item.data, 0)
}

/// The text of an item, written as size 1 x n or size n x 1.
pub fn text(item: &KlvItem<'_>) -> String {
    latin1_text(item.data)
}

/// Texts of an item with one per axis (size n x axes), or its one text.
pub fn texts(item: &KlvItem<'_>) -> Vec<String> {
    if item.size > 1 && item.repeat > 1 {
        item.data.chunks(item.size).map(latin1_text).collect()
    } else {
        vec![text(item)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FourCc;

    fn item(kind: u8, size: usize, data: &[u8]) -> KlvItem<'_> {
        KlvItem {
            key: FourCc(*b"TEST"),
            kind,
            size,
            repeat: data.len() / size.max(1),
            data,
        }
    }

    #[test]
    fn every_number_type_reads_its_own_bytes() {
        let cases: [(u8, &[u8], f64); 12] = [
            (b'b', &[0xff], -1.0),
            (b'B', &[0xff], 255.0),
            (b's', &[0xff, 0xfe], -2.0),
            (b'S', &[0x01, 0x00], 256.0),
            (b'l', &[0xff, 0xff, 0xff, 0xff], -1.0),
            (b'L', &[0, 0, 1, 0], 256.0),
            (b'j', &[0xff; 8], -1.0),
            (b'J', &[0, 0, 0, 0, 0, 0, 1, 0], 256.0),
            (b'q', &[0xff, 0xff, 0x80, 0x00], -0.5),
            (b'Q', &[0, 0, 0, 1, 0x80, 0, 0, 0], 1.5),
            (b'f', &[0x3f, 0x80, 0, 0], 1.0),
            (b'd', &[0x3f, 0xf0, 0, 0, 0, 0, 0, 0], 1.0),
        ];
        for (letter, bytes, expected) in cases {
            assert_eq!(
                first_number(&item(letter, bytes.len(), bytes)),
                Some(expected),
                "{}",
                char::from(letter)
            );
        }
    }

    #[test]
    fn type_text_expands_repeats_and_must_fit() {
        let structure = [0_u8; 14];
        let mixed = item(b'?', 14, &structure);
        assert_eq!(SampleLayout::of(&mixed, Some("f[3]S")).unwrap().axes(), 4);
        assert_eq!(SampleLayout::of(&mixed, Some("fffS")).unwrap().axes(), 4);
        for wrong in ["fff", "fffSS", "fffx", "f[", "f[999]", "f[3", ""] {
            assert!(SampleLayout::of(&mixed, Some(wrong)).is_none(), "{wrong}");
        }
        assert!(SampleLayout::of(&mixed, None).is_none());
    }

    #[test]
    fn simple_items_have_size_over_type_size_axes() {
        let data = [0_u8; 12];
        assert_eq!(SampleLayout::of(&item(b's', 6, &data), None).unwrap().axes(), 3);
        assert!(
            SampleLayout::of(&item(b'l', 6, &data), None).is_none(),
            "6 bytes are no whole number of i32"
        );
        assert!(SampleLayout::of(&item(b's', 0, &[]), None).is_none());
    }

    #[test]
    fn latin1_units_survive() {
        assert_eq!(text(&item(b'c', 1, b"m/s\xb2\0\0")), "m/s²");
        assert_eq!(
            texts(&item(b'c', 3, b"degdegm\0\0m/s")),
            ["deg", "deg", "m", "m/s"]
        );
    }
}
