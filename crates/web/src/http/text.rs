//! Text in addresses and headers.

use axum::http::HeaderValue;

/// Bytes that stand for themselves in a path (RFC 3986, unreserved).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// `text` for a path of an address; `/` stays.
pub fn percent_encoded_path(text: &str) -> String {
    encoded(text, |byte| is_plain(byte) || byte == b'/')
}

fn encoded(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The header that makes a browser save a file under `name` (RFC 6266).
pub fn attachment(name: &str) -> HeaderValue {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_. ".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let exact = encoded(name, is_plain);
    HeaderValue::try_from(format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    ))
    .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place() {
        assert_eq!(percent_encoded_path("a b/\u{e9}?#"), "a%20b/%C3%A9%3F%23");
        let header = attachment("a\"; x=\r\n\u{e9}.csv");
        assert_eq!(
            header.to_str().unwrap(),
            "attachment; filename=\"a__ x____.csv\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%C3%A9.csv"
        );
    }
}
