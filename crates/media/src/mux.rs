//! Chapters into an MP4 or QuickTime file that stays as it is otherwise.
//!
//! A remux through a media library would lose what cameras keep beside the streams: ids and HiLight tags in
//! `moov/udta`, tracks of unknown kinds. So nothing is remuxed. Every byte of the source is copied, in place,
//! and only the index (`moov`) is written anew behind it, with a text track of chapter titles (QuickTime File
//! Format, "Chapter Lists") and the older `chpl` list. Where the old index stands in the way it becomes a
//! `free` box, so that no offset in the file changes. Chapters the file had before are replaced.

mod boxes;
mod chapter_track;

use std::io::{self, Read, Seek, SeekFrom, Write};

use mtbsync_formats::bmff::{
    BoxHeader, BoxName, ChapterMark, HeaderTimes, MAX_SIBLINGS, MemoryBox, children, track_id,
};
use mtbsync_formats::bytes::array_at;

use boxes::mp4_box;
use chapter_track::{Titles, chapter_list, chapter_trak};

/// Larger indexes are refused; ten hours of a camera stay below a tenth of it.
const MAX_MOOV_BYTES: u64 = 512 << 20;
/// Bytes copied at a time.
const COPY_BYTES: usize = 1 << 20;
/// Most chapters written.
const MAX_CHAPTERS: usize = 10_000;

/// Why chapters cannot be written into a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChapterError {
    /// The source cannot be read.
    #[error("cannot be read ({0})")]
    Read(#[source] io::Error),
    /// The copy cannot be written.
    #[error("cannot be written ({0})")]
    Write(#[source] io::Error),
    /// No MP4, or a damaged one.
    #[error("not a complete MP4 file")]
    NotMp4,
    /// Index in pieces, as live recordings have it.
    #[error("fragmented MP4 files cannot be given chapters")]
    Fragmented,
    /// Nothing to attach chapters to.
    #[error("no video track")]
    NoVideoTrack,
    /// Nothing to write.
    #[error("no chapters")]
    NoChapters,
    /// More chapters than any player lists.
    #[error("more than {MAX_CHAPTERS} chapters")]
    TooMany,
}

impl ChapterError {
    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotMp4 | Self::Fragmented => {
                Some("bring it into an ordinary .mp4 first: ffmpeg -i VIDEO -c copy OUT.mp4".to_owned())
            }
            Self::NoVideoTrack => Some("give a recording with pictures".to_owned()),
            Self::Read(_) | Self::Write(_) | Self::NoChapters | Self::TooMany => None,
        }
    }
}

/// Copies `source` to `out` with `chapters` in place of its own. `chapters` are in order of time.
///
/// # Errors
/// A source that is no complete, unfragmented MP4 with a video track; reading or writing fails.
pub fn copy_with_chapters(
    source: &mut (impl Read + Seek),
    chapters: &[ChapterMark],
    out: &mut impl Write,
) -> Result<(), ChapterError> {
    match chapters.len() {
        0 => return Err(ChapterError::NoChapters),
        1..=MAX_CHAPTERS => {}
        _ => return Err(ChapterError::TooMany),
    }
    let span = MoovSpan::read(source)?;
    let moov = span.read_moov(source)?;
    let index = Index::parse(&moov)?;
    let copied_bytes = span.copied_bytes();
    let titles = Titles::new(chapters, index.length_millis());
    let data = titles.samples();
    // The offset of the titles is that of the payload of the box they are put in.
    let data_box = mp4_box(b"mdat", &[data.as_slice()]).ok_or(ChapterError::TooMany)?;
    let data_start = copied_bytes + (data_box.len() - data.len()) as u64;
    let new_moov = index
        .with_chapters(&titles, data_start)
        .ok_or(ChapterError::NotMp4)?;
    span.copy(source, out)?;
    for bytes in [data_box.as_slice(), &new_moov, MADE_BY] {
        out.write_all(bytes).map_err(ChapterError::Write)?;
    }
    Ok(())
}

/// The last box of a movie this program made: players skip it, and the next output of that name may replace
/// it.
const MADE_BY: &[u8] = b"\0\0\0\x17freemade by mtbsync";

/// Marks a finished MP4 or MOV file as made by this program; `out` stands at its end.
///
/// # Errors
/// The disk is full.
pub fn mark_as_own(out: &mut impl Write) -> io::Result<()> {
    out.write_all(MADE_BY)
}

/// Whether a file that ends with these bytes was marked by [`mark_as_own`].
pub fn is_own_movie(tail: &[u8]) -> bool {
    tail.ends_with(MADE_BY)
}

/// Where the index lies in a file.
struct MoovSpan {
    file_bytes: u64,
    moov_start: u64,
    moov_header_bytes: u64,
    moov_end: u64,
}

impl MoovSpan {
    fn read(source: &mut (impl Read + Seek)) -> Result<Self, ChapterError> {
        let file_bytes = source.seek(SeekFrom::End(0)).map_err(ChapterError::Read)?;
        let mut found = None;
        let mut at = 0;
        for _ in 0..MAX_SIBLINGS {
            if at == file_bytes {
                return found.ok_or(ChapterError::NotMp4);
            }
            // An open box would swallow what is written behind it, unless it is the index itself.
            let header = BoxHeader::read(source, at, file_bytes)
                .map_err(ChapterError::Read)?
                .filter(|header| header.fits(file_bytes - at))
                .filter(|header| !header.is_open || &header.name == b"moov")
                .ok_or(ChapterError::NotMp4)?;
            let end = at + header.len;
            match &header.name {
                b"moof" => return Err(ChapterError::Fragmented),
                b"moov" if found.is_none() => {
                    found = Some(Self {
                        file_bytes,
                        moov_start: at,
                        moov_header_bytes: header.header_len,
                        moov_end: end,
                    });
                }
                _ => {}
            }
            at = end;
        }
        Err(ChapterError::NotMp4)
    }

    fn read_moov(&self, source: &mut (impl Read + Seek)) -> Result<Vec<u8>, ChapterError> {
        let start = self.moov_start + self.moov_header_bytes;
        let length = self.moov_end - start;
        if length > MAX_MOOV_BYTES {
            return Err(ChapterError::NotMp4);
        }
        let mut bytes = Vec::new();
        source
            .seek(SeekFrom::Start(start))
            .and_then(|_| source.take(length).read_to_end(&mut bytes))
            .map_err(ChapterError::Read)?;
        Ok(bytes)
    }

    fn is_moov_last(&self) -> bool {
        self.moov_end == self.file_bytes
    }

    /// Bytes in front of what is added.
    fn copied_bytes(&self) -> u64 {
        if self.is_moov_last() {
            self.moov_start
        } else {
            self.file_bytes
        }
    }

    /// Copies the file; an index that is not its last box becomes free space of the same size.
    fn copy(&self, source: &mut (impl Read + Seek), out: &mut impl Write) -> Result<(), ChapterError> {
        copy_range(source, 0, self.moov_start, out)?;
        if self.is_moov_last() {
            return Ok(());
        }
        let mut header = vec![0; 8];
        source
            .seek(SeekFrom::Start(self.moov_start))
            .and_then(|_| source.read_exact(&mut header))
            .map_err(ChapterError::Read)?;
        header.splice(4.., *b"free");
        out.write_all(&header).map_err(ChapterError::Write)?;
        copy_range(source, self.moov_start + 8, self.file_bytes, out)
    }
}

fn copy_range(
    source: &mut (impl Read + Seek),
    from: u64,
    to: u64,
    out: &mut impl Write,
) -> Result<(), ChapterError> {
    source.seek(SeekFrom::Start(from)).map_err(ChapterError::Read)?;
    let mut buffer = vec![0; COPY_BYTES];
    let mut left = to.saturating_sub(from);
    while left > 0 {
        let room = usize::try_from(left).map_or(COPY_BYTES, |left| left.min(COPY_BYTES));
        let Some(part) = buffer.get_mut(..room) else { break };
        source.read_exact(part).map_err(ChapterError::Read)?;
        out.write_all(part).map_err(ChapterError::Write)?;
        left -= room as u64;
    }
    Ok(())
}

/// The parts of an index that matter here.
struct Index<'a> {
    children: Vec<MemoryBox<'a>>,
    tracks: Vec<TrackBox>,
    movie_timescale: u32,
    movie_ticks: u64,
}

struct TrackBox {
    id: u32,
    handler: BoxName,
    chapter_ids: Vec<u32>,
}

impl<'a> Index<'a> {
    fn parse(moov: &'a [u8]) -> Result<Self, ChapterError> {
        let children = children(moov);
        if children.iter().any(|child| &child.name == b"mvex") {
            return Err(ChapterError::Fragmented);
        }
        let header = children
            .iter()
            .find(|child| &child.name == b"mvhd")
            .and_then(|child| HeaderTimes::parse(child.body));
        let (movie_timescale, movie_ticks) = header
            .and_then(|times| Some((times.timescale, times.ticks?)))
            .filter(|(timescale, _)| *timescale > 0)
            .ok_or(ChapterError::NotMp4)?;
        let traks = children.iter().filter(|child| &child.name == b"trak");
        let tracks: Vec<TrackBox> = traks.map(|trak| TrackBox::parse(trak.body)).collect();
        if !tracks.iter().any(|track| &track.handler == b"vide") {
            return Err(ChapterError::NoVideoTrack);
        }
        Ok(Self {
            children,
            tracks,
            movie_timescale,
            movie_ticks,
        })
    }

    fn length_millis(&self) -> u64 {
        self.movie_ticks.saturating_mul(1000) / u64::from(self.movie_timescale)
    }

    /// The new `moov` box; `None` when it gets too large.
    fn with_chapters(&self, titles: &Titles, data_start: u64) -> Option<Vec<u8>> {
        let old: Vec<u32> = self
            .tracks
            .iter()
            .flat_map(|track| track.chapter_ids.iter().copied())
            .collect();
        let is_old =
            |track: &TrackBox| old.contains(&track.id) && matches!(&track.handler, b"text" | b"sbtl");
        let id = self.tracks.iter().map(|track| track.id).max()?.checked_add(1)?;
        let mut parts = Vec::with_capacity(self.children.len() + 2);
        let mut tracks = self.tracks.iter();
        let mut needs_reference = true;
        let mut needs_list = true;
        for child in &self.children {
            match &child.name {
                b"mvhd" => parts.push(boxes::with_next_track(child, id.checked_add(1)?)?),
                b"trak" => {
                    let track = tracks.next()?;
                    if is_old(track) {
                        continue;
                    }
                    let is_first_video = needs_reference && &track.handler == b"vide";
                    needs_reference &= !is_first_video;
                    parts.push(with_reference(child, is_first_video.then_some(id))?);
                }
                b"udta" => {
                    needs_list = false;
                    parts.push(with_list(child.body, titles)?);
                }
                _ => parts.push(child.whole.to_vec()),
            }
        }
        parts.push(chapter_trak(id, self.movie_ticks, titles, data_start)?);
        if needs_list {
            parts.push(with_list(&[], titles)?);
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        mp4_box(b"moov", &parts)
    }
}

impl TrackBox {
    fn parse(trak: &[u8]) -> Self {
        let inside = children(trak);
        let find = |kind: &BoxName| inside.iter().find(|child| &child.name == kind);
        let handler = find(b"mdia")
            .and_then(|mdia| {
                children(mdia.body)
                    .into_iter()
                    .find(|child| &child.name == b"hdlr")
            })
            .and_then(|hdlr| array_at(hdlr.body, 8));
        let references = find(b"tref").map(|tref| children(tref.body)).unwrap_or_default();
        let chapters = references.iter().filter(|reference| &reference.name == b"chap");
        Self {
            id: find(b"tkhd").and_then(|tkhd| track_id(tkhd.body)).unwrap_or(0),
            handler: handler.unwrap_or_default(),
            chapter_ids: chapters
                .flat_map(|reference| boxes::words(reference.body))
                .collect(),
        }
    }
}

/// A track without its reference to chapters, or with one to `chapters`.
fn with_reference(trak: &MemoryBox<'_>, chapters: Option<u32>) -> Option<Vec<u8>> {
    let inside = children(trak.body);
    let tref = inside.iter().find(|child| &child.name == b"tref");
    if chapters.is_none() && tref.is_none() {
        return Some(trak.whole.to_vec());
    }
    let kept = tref.map(|tref| children(tref.body)).unwrap_or_default();
    let mut references: Vec<Vec<u8>> = kept
        .iter()
        .filter(|reference| &reference.name != b"chap")
        .map(|reference| reference.whole.to_vec())
        .collect();
    if let Some(id) = chapters {
        references.push(mp4_box(b"chap", &[&id.to_be_bytes()])?);
    }
    let references: Vec<&[u8]> = references.iter().map(Vec::as_slice).collect();
    let tref = mp4_box(b"tref", &references)?;
    let mut parts: Vec<&[u8]> = inside
        .iter()
        .filter(|child| &child.name != b"tref")
        .map(|child| child.whole)
        .collect();
    if !references.is_empty() {
        // Readers expect references behind the track header.
        let behind = parts.len().min(1);
        parts.insert(behind, &tref);
    }
    mp4_box(b"trak", &parts)
}

/// User data with the list of chapters in place of an older one.
fn with_list(udta: &[u8], titles: &Titles) -> Option<Vec<u8>> {
    let list = chapter_list(titles);
    let kept = children(udta);
    let parts: Vec<&[u8]> = kept
        .iter()
        .filter(|child| &child.name != b"chpl")
        .map(|child| child.whole)
        .chain(list.as_deref())
        .collect();
    mp4_box(b"udta", &parts)
}
