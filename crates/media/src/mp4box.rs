//! The few things in MP4 boxes that FFmpeg does not hand out: the camera's own boxes in `moov/udta`, whether
//! the index was written at all, and whether a track reorders its frames. A box that does not fit its parent
//! ends the parent's list.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use mtbsync_formats::bmff::{self, BoxHeader, BoxName, MAX_SIBLINGS, UserData};
use mtbsync_formats::open_file;

/// Largest payload handed out. GoPro's boxes hold a few kilobytes.
const MAX_PAYLOAD_BYTES: u64 = 8 << 20;

/// Reads the user data of the file at `path`. A file that is no MP4 or has no such boxes gives an empty set;
/// boxes that do not fit their parent or exceed 8 MiB are left out.
///
/// # Errors
/// The file cannot be read.
pub fn read_user_data(path: &Path) -> io::Result<UserData> {
    let mut boxes = BoxReader::open(path)?;
    let whole = boxes.whole();
    let mut user_data = UserData::default();
    let Some(moov) = boxes.child(whole, *b"moov")? else {
        return Ok(user_data);
    };
    let children = boxes.children(moov)?;
    for udta in children.into_iter().filter(|child| &child.kind == b"udta") {
        for child in boxes.children(udta)? {
            let body = boxes.payload(child)?;
            user_data.boxes.extend(body.map(|body| (child.kind, body)));
        }
    }
    Ok(user_data)
}

/// Whether the file is an MP4 whose index was never written.
pub(crate) fn lacks_moov(path: &Path) -> io::Result<bool> {
    let mut boxes = BoxReader::open(path)?;
    let whole = boxes.whole();
    let top = boxes.children(whole)?;
    Ok(top.iter().any(|each| &each.kind == b"ftyp") && !top.iter().any(|each| &each.kind == b"moov"))
}

/// Whether every frame of this track is shown in the order it is stored in: no `ctts` box, no fragments.
pub(crate) fn is_shown_as_stored(path: &Path, track_id: u32) -> io::Result<bool> {
    let mut boxes = BoxReader::open(path)?;
    let whole = boxes.whole();
    if boxes.child(whole, *b"moof")?.is_some() {
        return Ok(false);
    }
    let Some(moov) = boxes.child(whole, *b"moov")? else {
        return Ok(false);
    };
    let children = boxes.children(moov)?;
    if children.iter().any(|child| &child.kind == b"mvex") {
        return Ok(false);
    }
    for track in children.into_iter().filter(|child| &child.kind == b"trak") {
        if boxes.track_id(track)? == Some(track_id) {
            let table = boxes.descendant(track, &[*b"mdia", *b"minf", *b"stbl"])?;
            return Ok(match table {
                Some(table) => boxes.child(table, *b"ctts")?.is_none(),
                None => false,
            });
        }
    }
    Ok(false)
}

/// Where a box's payload lies in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BoxSpan {
    kind: BoxName,
    start: u64,
    end: u64,
}

struct BoxReader<R> {
    source: R,
    length: u64,
}

impl BoxReader<BufReader<File>> {
    fn open(path: &Path) -> io::Result<Self> {
        // Boxes lie far apart: a large buffer would only be thrown away at each seek.
        BoxReader::new(BufReader::with_capacity(512, open_file(path)?))
    }
}

impl<R: Read + Seek> BoxReader<R> {
    fn new(mut source: R) -> io::Result<Self> {
        let length = source.seek(SeekFrom::End(0))?;
        Ok(BoxReader { source, length })
    }

    /// The file as if it were one box.
    fn whole(&self) -> BoxSpan {
        BoxSpan {
            kind: *b"file",
            start: 0,
            end: self.length,
        }
    }

    /// Direct children, as far as they fit into their parent.
    fn children(&mut self, parent: BoxSpan) -> io::Result<Vec<BoxSpan>> {
        let mut children = Vec::new();
        let mut at = parent.start;
        while children.len() < MAX_SIBLINGS {
            let Some(child) = self.header(at, parent.end)? else {
                break;
            };
            at = child.end;
            children.push(child);
        }
        Ok(children)
    }

    fn child(&mut self, parent: BoxSpan, kind: BoxName) -> io::Result<Option<BoxSpan>> {
        let children = self.children(parent)?;
        Ok(children.into_iter().find(|child| child.kind == kind))
    }

    fn descendant(&mut self, ancestor: BoxSpan, path: &[BoxName]) -> io::Result<Option<BoxSpan>> {
        let mut found = Some(ancestor);
        for kind in path {
            let Some(parent) = found else { break };
            found = self.child(parent, *kind)?;
        }
        Ok(found)
    }

    /// `None` of a box that is too large.
    fn payload(&mut self, span: BoxSpan) -> io::Result<Option<Vec<u8>>> {
        let length = span.end.saturating_sub(span.start);
        if length > MAX_PAYLOAD_BYTES {
            return Ok(None);
        }
        let mut payload = vec![0; length as usize];
        self.source.seek(SeekFrom::Start(span.start))?;
        self.source.read_exact(&mut payload)?;
        Ok(Some(payload))
    }

    fn track_id(&mut self, track: BoxSpan) -> io::Result<Option<u32>> {
        let Some(header) = self.child(track, *b"tkhd")? else {
            return Ok(None);
        };
        Ok(self.payload(header)?.and_then(|payload| bmff::track_id(&payload)))
    }

    /// The box whose header starts at `at`; `None` if it does not fit before `end`.
    fn header(&mut self, at: u64, end: u64) -> io::Result<Option<BoxSpan>> {
        let header = BoxHeader::read(&mut self.source, at, end)?;
        let fitting = header.filter(|header| header.fits(end.saturating_sub(at)));
        Ok(fitting.map(|header| BoxSpan {
            kind: header.name,
            start: at + header.header_len,
            end: at + header.len,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn small(kind: &BoxName, payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).unwrap();
        [&size.to_be_bytes()[..], kind, payload].concat()
    }

    fn large(kind: &BoxName, payload: &[u8]) -> Vec<u8> {
        [
            &1_u32.to_be_bytes()[..],
            kind,
            &(payload.len() as u64 + 16).to_be_bytes(),
            payload,
        ]
        .concat()
    }

    fn reader(bytes: &[u8]) -> BoxReader<Cursor<&[u8]>> {
        BoxReader::new(Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn all_three_ways_to_write_a_size() {
        let mut to_the_end = small(b"moov", &small(b"udta", &small(b"FIRM", b"HD5")));
        to_the_end[..4].fill(0);
        let file = [small(b"ftyp", b"mp41"), large(b"mdat", b"pictures"), to_the_end].concat();
        let mut boxes = reader(&file);
        let whole = boxes.whole();
        let firmware = boxes.descendant(whole, &[*b"moov", *b"udta", *b"FIRM"]).unwrap();
        assert_eq!(
            boxes.payload(firmware.unwrap()).unwrap().as_deref(),
            Some(&b"HD5"[..])
        );
        assert_eq!(boxes.descendant(whole, &[*b"moov", *b"meta"]).unwrap(), None);
    }

    #[test]
    fn a_box_past_its_parent_ends_the_list() {
        let mut inner = small(b"FIRM", b"HD5");
        inner[3] = 200;
        let udta = small(b"udta", &[small(b"MUID", &[7; 32]), inner].concat());
        let mut boxes = reader(&udta);
        let whole = boxes.whole();
        let udta = boxes.child(whole, *b"udta").unwrap().unwrap();
        assert_eq!(boxes.children(udta).unwrap().len(), 1);
    }

    #[test]
    fn sizes_that_end_before_their_header_are_refused() {
        for size in [1_u32, 2, 7] {
            let mut bytes = small(b"free", &[0; 16]);
            bytes[..4].copy_from_slice(&size.to_be_bytes());
            let mut boxes = reader(&bytes);
            let whole = boxes.whole();
            assert_eq!(boxes.children(whole).unwrap(), []);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let wrapped = small(b"moov", &small(b"udta", &bytes));
            for source in [&bytes, &wrapped] {
                let mut boxes = reader(source);
                let whole = boxes.whole();
                for child in boxes.children(whole).unwrap() {
                    boxes.track_id(child).unwrap();
                    boxes.payload(child).unwrap();
                    boxes.children(child).unwrap();
                }
            }
        }
    }
}
