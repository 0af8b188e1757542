//! A file as an answer: entity tag, time of change, one byte range, sent in pieces.
//!
//! Used for artefacts and for recordings. Players ask for ranges all the time and drop the connection as
//! often; a file is read only as fast as the client takes it.

use std::io::SeekFrom;
use std::ops::Range;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use mtbsync_formats::open_file;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::task::spawn_blocking;

use super::etag;
use crate::error::{ApiError, Kind};

/// Bytes read and sent at once.
const PIECE_BYTES: usize = 128 << 10;
/// RFC 9110 section 5.6.7.
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Answers with the file at `path`, or the part of it the client asked for.
///
/// # Errors
/// The file is gone or no regular file; the range lies outside it.
pub async fn send_file(
    path: &Path,
    content_type: HeaderValue,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let gone = |_| ApiError::not_found("file");
    let named = path.to_owned();
    let opened = spawn_blocking(move || open_file(&named)).await;
    let opened = opened.ok().and_then(Result::ok);
    let mut file = File::from_std(opened.ok_or_else(|| ApiError::not_found("file"))?);
    let metadata = file.metadata().await.map_err(gone)?;
    let tag = etag::of_metadata(&metadata);
    let modified = metadata.modified().ok().and_then(|time| http_date(time.into()));
    let length = metadata.len();

    let mut head = HeaderMap::new();
    head.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    head.insert(ETAG, tag.clone());
    if let Some(modified) = &modified {
        head.insert(LAST_MODIFIED, modified.clone());
    }
    if asked
        .get(IF_NONE_MATCH)
        .is_some_and(|known| etag::matches(known, &tag))
    {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    head.insert(CONTENT_TYPE, content_type);
    let is_current = asked
        .get(IF_RANGE)
        .is_none_or(|known| *known == tag || modified.as_ref() == Some(known));
    let wanted = asked
        .get(RANGE)
        .filter(|_| is_current)
        .and_then(|value| value.to_str().ok());
    let (status, part) = match wanted.map_or(Asked::Whole, |text| parse_range(text, length)) {
        Asked::Whole => (StatusCode::OK, 0..length),
        Asked::Part(part) => {
            let text = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
            head.insert(CONTENT_RANGE, number_header(text));
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Asked::Outside => {
            let mut response = ApiError::new(Kind::Range, "range outside the file").into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_RANGE, number_header(format!("bytes */{length}")));
            return Ok(response);
        }
    };
    if part.start > 0 {
        file.seek(SeekFrom::Start(part.start)).await.map_err(gone)?;
    }
    head.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    Ok((
        status,
        head,
        Body::from_stream(pieces(file, part.end - part.start)),
    )
        .into_response())
}

/// The next `left` bytes of `file`. A file that shrinks meanwhile ends the connection: the length was
/// announced.
fn pieces(file: File, left: u64) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((file, left), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let mut piece = vec![0; size];
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        Ok(Some((Bytes::from(piece), (file, left - read as u64))))
    })
}

/// What a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: no range, several ranges, another unit or a text that is no range (RFC 9110 lets all be
    /// ignored).
    Whole,
    /// One part.
    Part(Range<u64>),
    /// Bytes the file does not have.
    Outside,
}

fn parse_range(text: &str, length: u64) -> Asked {
    let Some(spec) = text.trim().strip_prefix("bytes=") else {
        return Asked::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Asked::Whole;
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (first, last) = (first.trim(), last.trim());
    if !digits(first) || !digits(last) || (first.is_empty() && last.is_empty()) {
        return Asked::Whole;
    }
    // A number with more digits than u64 is past the end of every file.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let part = if first.is_empty() {
        length.saturating_sub(number(last))..length
    } else if last.is_empty() {
        number(first)..length
    } else if number(last) < number(first) {
        return Asked::Whole;
    } else {
        number(first)..number(last).saturating_add(1).min(length)
    };
    if part.start < part.end {
        Asked::Part(part)
    } else {
        Asked::Outside
    }
}

fn http_date(time: OffsetDateTime) -> Option<HeaderValue> {
    let text = time.to_offset(time::UtcOffset::UTC).format(HTTP_DATE).ok()?;
    HeaderValue::try_from(text).ok()
}

fn number_header(text: String) -> HeaderValue {
    // Digits and punctuation are always a valid header.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_players_ask_for_them() {
        let cases = [
            ("bytes=0-", Asked::Part(0..100)),
            ("bytes=10-19", Asked::Part(10..20)),
            ("bytes=90-500", Asked::Part(90..100)),
            ("bytes=-10", Asked::Part(90..100)),
            ("bytes=-500", Asked::Part(0..100)),
            ("bytes=100-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=99999999999999999999-", Asked::Outside),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=9-2", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("items=0-1", Asked::Whole),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_range(text, 100), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Asked::Outside);
    }

    #[test]
    fn dates_are_those_of_http() {
        let time = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        assert_eq!(http_date(time).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
