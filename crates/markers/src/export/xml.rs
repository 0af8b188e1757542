//! Text and paths for XML files.

/// Escapes text for elements and attributes: markup, line ends as character references (readers would
/// normalise them), and no character XML cannot hold.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// A `file:///` URL for an absolute path of either kind.
pub(super) fn file_url(path: &str) -> String {
    format!("file:///{}", encode_path(path).trim_start_matches('/'))
}

/// The form Premiere writes: `file://localhost/`, the colon of a drive encoded.
pub(super) fn premiere_url(path: &str) -> String {
    let encoded = encode_path(path);
    let encoded = encoded.trim_start_matches('/');
    match encoded.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 => format!("file://localhost/{drive}%3a{rest}"),
        Some(_) | None => format!("file://localhost/{encoded}"),
    }
}

/// Percent-encodes all but unreserved characters and slashes; a drive letter keeps its colon.
fn encode_path(path: &str) -> String {
    let is_drive = path.len() > 2 && path.is_char_boundary(2) && path.get(1..2) == Some(":");
    let path = if is_drive || path.starts_with("\\\\") {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    };
    let mut encoded = String::with_capacity(path.len());
    for (index, byte) in path.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        if is_plain || is_drive && index == 1 {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_and_markup_does_not() {
        assert_eq!(
            escape("a<b>&\"c\"\r\nd\u{0}\te"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#10;d&#9;e"
        );
    }

    #[test]
    fn paths_become_urls() {
        assert_eq!(file_url("/media/GX 01é.MP4"), "file:///media/GX%2001%C3%A9.MP4");
        assert_eq!(file_url("C:\\v\\a b.mp4"), "file:///C:/v/a%20b.mp4");
        assert_eq!(premiere_url("F:\\v\\a.mp4"), "file://localhost/F%3a/v/a.mp4");
        assert_eq!(premiere_url("/v/a:b.mp4"), "file://localhost/v/a%3Ab.mp4");
    }
}
