//! Text of unknown encoding to Unicode. Spreadsheets and editors on Windows still write legacy code pages
//! and UTF-16; a byte order mark decides, then UTF-8 if it is valid, and Windows-1252 as the last resort.

use std::borrow::Cow;

/// The encoding a text was found to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 with a byte order mark, either byte order.
    Utf16,
    /// Anything else is read as Windows-1252, in which every byte means something: a guess worth a warning.
    Windows1252,
}

/// Decodes `bytes`, without a byte order mark in the result. Never fails: see [`TextEncoding::Windows1252`].
pub fn decode_text(bytes: &[u8]) -> (Cow<'_, str>, TextEncoding) {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes)
        && encoding != encoding_rs::UTF_8
    {
        let (text, _) = encoding.decode_with_bom_removal(bytes);
        return (text, TextEncoding::Utf16);
    }
    let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(body) {
        Ok(text) => (Cow::Borrowed(text), TextEncoding::Utf8),
        Err(_) => {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(body);
            (text, TextEncoding::Windows1252)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_decide_and_are_dropped() {
        assert_eq!(
            decode_text(b"\xEF\xBB\xBFa\xC3\xA9"),
            (Cow::Borrowed("aé"), TextEncoding::Utf8)
        );
        let (text, encoding) = decode_text(b"\xFF\xFEa\x00\xE9\x00");
        assert_eq!((text.as_ref(), encoding), ("aé", TextEncoding::Utf16));
        let (text, encoding) = decode_text(b"\xFE\xFF\x00a\x00\xE9");
        assert_eq!((text.as_ref(), encoding), ("aé", TextEncoding::Utf16));
    }

    #[test]
    fn invalid_utf8_is_windows_1252() {
        let (text, encoding) = decode_text(b"caf\xE9 \x80");
        assert_eq!((text.as_ref(), encoding), ("café €", TextEncoding::Windows1252));
    }
}
