//! Patterns on folder names: `*`, `?` and `[...]`.

/// Whether all of `name` matches `pattern`. `*` is any run of characters, `?` any one, `[a-z_]` one of a set and
/// `[!a-z]` one outside it; a `[` without `]` stands for itself. Time is at most pattern length × name length.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when the characters taken by the last `*` were too few.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(p), name.get(n)) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((p, n));
                p += 1;
                continue;
            }
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(c)) => match set(pattern.get(p + 1..).unwrap_or_default(), *c) {
                Some((length, contained)) => contained.then_some(length + 1),
                None => (*c == '[').then_some(1),
            },
            (Some(wanted), Some(c)) => (wanted == c).then_some(1),
            (None, Some(_)) | (Some(_), None) => None,
        };
        match (step, retry) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((star, taken))) if taken < name.len() => {
                retry = Some((star, taken + 1));
                p = star + 1;
                n = taken + 1;
            }
            (None, _) => return false,
        }
    }
}

/// The set that starts after a `[`: its length with the closing `]`, and whether `c` is in it.
fn set(rest: &[char], c: char) -> Option<(usize, bool)> {
    let negated = rest.first() == Some(&'!');
    let start = usize::from(negated);
    // A `]` right at the start is a member.
    let end = rest.iter().skip(start + 1).position(|x| *x == ']')? + start + 1;
    let members = rest.get(start..end)?;
    let mut contained = false;
    let mut i = 0;
    while let Some(first) = members.get(i) {
        match (members.get(i + 1), members.get(i + 2)) {
            (Some('-'), Some(last)) => {
                contained |= (*first..=*last).contains(&c);
                i += 3;
            }
            _ => {
                contained |= *first == c;
                i += 1;
            }
        }
    }
    Some((end + 1, contained != negated))
}

#[cfg(test)]
mod tests {
    use super::matches;

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
