//! Times as people read them.

/// `1:02:03.4` or `2:03.4`: a time in seconds to the nearest tenth; below 0 it is 0.
pub fn clock(t_secs: f64) -> String {
    let tenths = (t_secs.max(0.0) * 10.0).round() as u64;
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    let (secs, tenth) = (tenths / 10 % 60, tenths % 10);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}.{tenth}")
    } else {
        format!("{minutes}:{secs:02}.{tenth}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_count_tenths() {
        assert_eq!(clock(0.0), "0:00.0");
        assert_eq!(clock(59.94), "0:59.9");
        assert_eq!(clock(59.96), "1:00.0", "a full minute is one");
        assert_eq!(clock(3599.99), "1:00:00.0");
        assert_eq!(clock(3723.4), "1:02:03.4");
        assert_eq!(clock(-1.0), "0:00.0");
    }
}
