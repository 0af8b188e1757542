//! Text for formats with little room for it.

/// Replaces what line-based formats cannot hold (line ends, tabs, control characters, `also`, and characters
/// outside the basic plane, which old readers lose) by blanks; runs of blanks shrink to one, ends are trimmed.
pub(super) fn one_line(text: &str, also: &[char]) -> String {
    let is_lost = |c: char| c.is_control() || c.is_whitespace() || also.contains(&c) || u32::from(c) > 0xFFFF;
    let words = text.split(is_lost).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_remain() {
        assert_eq!(
            one_line(" a|b\r\n\tc  d\u{1F600}e\u{2028}f ", &['|']),
            "a b c d e f"
        );
        assert_eq!(one_line("שלום é", &['|']), "שלום é");
    }
}
