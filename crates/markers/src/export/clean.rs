//! Text for formats with little room for it.

/// For line-based formats of old: line ends, tabs, control characters, those in `also`, and characters
/// outside the basic plane (which old readers lose) become blanks; runs of blanks shrink to one, ends are
/// trimmed.
pub(super) fn one_line(text: &str, also: &[char]) -> String {
    join_words(text, |c| also.contains(&c) || u32::from(c) > 0xFFFF)
}

/// For line-based formats that know Unicode: only line ends, tabs and control characters become blanks.
pub(super) fn flat(text: &str) -> String {
    join_words(text, |_| false)
}

fn join_words(text: &str, is_lost: impl Fn(char) -> bool) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace() || is_lost(c));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
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
        assert_eq!(flat("a|\u{1F600}\n b"), "a|\u{1F600} b");
    }
}
