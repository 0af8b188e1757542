//! Patterns on folder names.

use glob::Pattern;

/// The pattern in `text`, for whole names: `*` is any run of characters, `?` any one, `[a-z_]` one of a set
/// and `[!a-z]` one outside it. A `[` without `]` stands for itself.
pub fn pattern(text: &str) -> Option<Pattern> {
    let mut text = text.to_owned();
    // Two stars would mean any number of folders.
    while text.contains("**") {
        text = text.replace("**", "*");
    }
    Pattern::new(&text)
        .or_else(|_| Pattern::new(&text.replace('[', "[[]")))
        .ok()
}

#[cfg(test)]
mod tests {
    fn matches(pattern: &str, name: &str) -> bool {
        super::pattern(pattern).unwrap().matches(name)
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "anything"),
            ("run_2024*", "run_2024_05"),
            ("*_sync", "new_sync"),
            ("r?n", "rün"),
            ("lap[0-9]", "lap7"),
            ("lap[!0-9]", "lapx"),
            ("a*b*c", "a-b-b-c"),
            ("[]x]", "]"),
            ("a[b", "a[b"),
            ("a**b", "a-b"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("run", "runs"),
            ("*_sync", "sync"),
            ("?", ""),
            ("lap[0-9]", "lapx"),
            ("", "a"),
            ("a*b", "a-c"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        let hostile = "*a".repeat(40);
        assert!(!matches(&hostile, &"a".repeat(30)));
    }
}
