//! Bounded reading of XML: elements with their own text, no entities, no deep nesting.

use std::borrow::Cow;

use mtbsync_formats::bytes::latin1_text;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::TrackError;
use crate::warning::{Warning, Warnings};

/// Deepest nesting read; GPX with extensions has 8 levels.
const MAX_DEPTH: usize = 64;
/// Longest element text kept; times and numbers are far shorter.
const MAX_TEXT: usize = 256;
/// How far into a file its root element is looked for.
const MAX_PROLOGUE: usize = 64 << 10;

/// Receives elements in document order.
pub(super) trait Sink {
    /// An element begins.
    fn start(&mut self, name: &str, element: &BytesStart<'_>);
    /// An element ends; `text` is the text directly inside it.
    fn end(&mut self, name: &str, text: &str);
}

/// Bytes to text: UTF-16 by its mark, else UTF-8, else Latin-1.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|&pair| read(pair)).collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => decode_plain(rest),
        plain => decode_plain(plain),
    }
}

fn decode_plain(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(latin1_text(bytes)),
    }
}

/// Name of the root element without its namespace prefix.
pub(super) fn root_name(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let open = rest.find('<')?;
        if text.len() - rest.len() + open > MAX_PROLOGUE {
            return None;
        }
        rest = rest.get(open + 1..)?;
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.get(comment.find("-->")?..)?;
        } else if !rest.starts_with(['?', '!']) {
            let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
            let name = rest.get(..end)?;
            return Some(name.rsplit(':').next().unwrap_or(name));
        }
    }
}

/// Walks a document. Where it stops being well formed, the walk ends with a warning.
pub(super) fn walk(text: &str, sink: &mut impl Sink, warnings: &mut Warnings) -> Result<(), TrackError> {
    let mut reader = Reader::from_str(text);
    let mut texts: Vec<String> = Vec::new();
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => {
                warnings.push(Warning::XmlDamaged {
                    offset: reader.error_position(),
                });
                return Ok(());
            }
        };
        match event {
            Event::Start(element) => {
                if texts.len() >= MAX_DEPTH {
                    return Err(TrackError::XmlTooDeep { limit: MAX_DEPTH });
                }
                texts.push(String::new());
                sink.start(element.local_name().as_ref(), &element);
            }
            Event::Empty(element) => {
                sink.start(element.local_name().as_ref(), &element);
                sink.end(element.local_name().as_ref(), "");
            }
            Event::End(element) => {
                let own = texts.pop().unwrap_or_default();
                sink.end(element.local_name().as_ref(), own.trim());
            }
            Event::Text(part) => append(&mut texts, &part.xml10_content()),
            Event::CData(part) => append(&mut texts, &part.xml10_content()),
            // Without an internal subset a document type cannot define entities.
            Event::DocType(doctype) if doctype.xml10_content().contains('[') => {
                return Err(TrackError::XmlEntities);
            }
            Event::Eof => {
                if !texts.is_empty() {
                    warnings.push(Warning::XmlDamaged {
                        offset: reader.buffer_position(),
                    });
                }
                return Ok(());
            }
            Event::DocType(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::GeneralRef(_) => {}
        }
    }
}

fn append(texts: &mut [String], part: &str) {
    let Some(text) = texts.last_mut() else { return };
    let room = MAX_TEXT.saturating_sub(text.len());
    text.extend(part.chars().take(room));
}

/// A numeric attribute.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<f64> {
    let attribute = element.try_get_attribute(name).ok()??;
    number(attribute.value.as_ref())
}

/// A finite number; some programs write a decimal comma.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let value: f64 = if text.contains(',') {
        text.replace(',', ".").parse().ok()?
    } else {
        text.parse().ok()?
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_found_behind_prologue_and_prefix() {
        assert_eq!(
            root_name("<?xml version='1.0'?>\n<!-- <tcx> -->\n<g:gpx version='1.1'>"),
            Some("gpx")
        );
        assert_eq!(root_name("<gpx/>"), Some("gpx"));
        assert_eq!(root_name("no xml"), None);
        assert_eq!(root_name("<"), None);
    }

    #[test]
    fn encodings() {
        assert_eq!(decode(b"\xef\xbb\xbf<gpx/>"), "<gpx/>");
        assert_eq!(decode(b"\xff\xfe<\0a\0>\0"), "<a>");
        assert_eq!(decode(b"<a>\xe9</a>"), "<a>\u{e9}</a>");
    }
}
