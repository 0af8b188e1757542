//! Text in pages.

/// Text for element content and quoted attributes. Control characters and those that switch the writing
/// direction become a visible replacement, so that a name cannot disguise itself.
pub fn escape_markup(text: &str) -> String {
    escape_markup_with(text, |c| match c {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('\u{fffd}'),
        c if c.is_control() => Some('\u{fffd}'),
        c => Some(c),
    })
}

/// The same with `other` for what is neither markup nor space: what stands for a character, or nothing.
pub fn escape_markup_with(text: &str, other: impl Fn(char) -> Option<char>) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' | '\r' => out.push(' '),
            c => out.extend(other(c)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_cannot_disguise_itself() {
        assert_eq!(
            escape_markup("<a href=\"x\" b='y'>&\u{202e}\u{0}\n"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\u{fffd}\u{fffd} "
        );
    }
}
