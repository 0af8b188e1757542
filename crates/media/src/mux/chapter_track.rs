//! Chapter titles as players want them: a disabled text track (QuickTime File Format, "Text Media" and
//! "Chapter Lists") and the `chpl` box that programs of the Nero family read.

use mtbsync_formats::bmff::ChapterMark;

use super::boxes::mp4_box;

/// Ticks a second of the text track.
const TICKS_PER_SEC: f64 = 1000.0;
/// Ticks of `chpl` in one of the text track's.
const LIST_TICKS: u64 = 10_000;
/// Most chapters the count of `chpl` can say.
const MAX_LISTED: usize = 255;
/// Longest title: `chpl` has one byte for its length, the text track two.
const MAX_LISTED_TITLE_BYTES: usize = 255;
const MAX_TITLE_BYTES: usize = 4096;
/// Behind a title: it is UTF-8 (`encd` with the text encoding 0x0100).
const UTF8_MARK: &[u8; 12] = b"\0\0\0\x0cencd\0\0\x01\0";
/// "Undetermined" as three letters of five bits.
const LANGUAGE: u16 = 0x55c4;
/// Rows of a transformation that changes nothing, in 16.16 and 2.30 fixed point.
const IDENTITY: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// Titles with their starts in milliseconds, the first at 0, each at least one after the one before.
pub(super) struct Titles {
    starts: Vec<u64>,
    texts: Vec<String>,
    end: u64,
}

impl Titles {
    /// `chapters` in a recording of `length_millis`.
    pub fn new(chapters: &[ChapterMark], length_millis: u64) -> Self {
        let mut starts: Vec<u64> = Vec::with_capacity(chapters.len());
        for chapter in chapters {
            let start = (chapter.start_secs * TICKS_PER_SEC).round() as u64;
            starts.push(starts.last().map_or(0, |last| start.max(last + 1)));
        }
        let end = starts.last().map_or(0, |last| length_millis.max(last + 1));
        let texts = chapters
            .iter()
            .map(|chapter| cut(&chapter.title, MAX_TITLE_BYTES).to_owned());
        Self {
            texts: texts.collect(),
            starts,
            end,
        }
    }

    fn lengths(&self) -> impl Iterator<Item = u64> + '_ {
        let ends = self.starts.iter().skip(1).chain([&self.end]);
        self.starts.iter().zip(ends).map(|(start, end)| end - start)
    }

    fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.texts.iter().map(|text| 2 + text.len() + UTF8_MARK.len())
    }

    /// The samples of the text track, one after the other.
    pub fn samples(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.sizes().sum());
        for text in &self.texts {
            // Titles are cut far below the largest length.
            bytes.extend(u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
            bytes.extend(text.as_bytes());
            bytes.extend(UTF8_MARK);
        }
        bytes
    }
}

/// The longest beginning of at most `max_bytes` that cuts no character.
fn cut(text: &str, max_bytes: usize) -> &str {
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// `chpl` (version 1), its times in units of 100 ns; `None` when the chapters are more than it can count.
pub(super) fn chapter_list(titles: &Titles) -> Option<Vec<u8>> {
    let count = u8::try_from(titles.starts.len().min(MAX_LISTED + 1)).ok()?;
    let mut payload = vec![1, 0, 0, 0, 0, 0, 0, 0, count];
    for (start, text) in titles.starts.iter().zip(&titles.texts) {
        let text = cut(text, MAX_LISTED_TITLE_BYTES);
        payload.extend(start.checked_mul(LIST_TICKS)?.to_be_bytes());
        payload.push(u8::try_from(text.len()).ok()?);
        payload.extend(text.as_bytes());
    }
    mp4_box(b"chpl", &[&payload])
}

/// The text track `id`, whose samples lie one after the other from `data_start`; `movie_ticks` is the length
/// of the movie in its own ticks.
pub(super) fn chapter_trak(id: u32, movie_ticks: u64, titles: &Titles, data_start: u64) -> Option<Vec<u8>> {
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_be_bytes())
            .collect::<Vec<u8>>()
    };
    let count = u32::try_from(titles.starts.len()).ok()?;
    let movie_ticks = u32::try_from(movie_ticks).unwrap_or(u32::MAX);

    // Version and flags 0: the track is not shown by itself. Times of creation and change are unknown.
    let mut tkhd = words(&[0, 0, 0, id, 0, movie_ticks, 0, 0, 0, 0]);
    tkhd.extend(words(&IDENTITY));
    tkhd.extend(words(&[0, 0]));

    let mut mdhd = words(&[0, 0, 0, TICKS_PER_SEC as u32, u32::try_from(titles.end).ok()?]);
    mdhd.extend(LANGUAGE.to_be_bytes());
    mdhd.extend([0, 0]);
    let hdlr = [&words(&[0, 0])[..], b"text", &[0; 12], b"chapters\0"].concat();

    let gmin = [
        &words(&[0])[..],
        &[0, 0x40, 0x80, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0],
    ]
    .concat();
    let gmin = mp4_box(b"gmin", &[&gmin])?;
    let text = mp4_box(b"text", &[&words(&IDENTITY)])?;
    let gmhd = mp4_box(b"gmhd", &[&gmin, &text])?;

    // The samples are in this very file.
    let url = mp4_box(b"url ", &[&words(&[1])])?;
    let dref = mp4_box(b"dref", &[&words(&[0, 1]), &url])?;
    let dinf = mp4_box(b"dinf", &[&dref])?;

    let stbl = mp4_box(
        b"stbl",
        &[
            &mp4_box(b"stsd", &[&words(&[0, 1]), &text_description()?])?,
            &mp4_box(b"stts", &[&words(&[0, count]), &lengths_table(titles)?])?,
            // One chunk with all samples.
            &mp4_box(b"stsc", &[&words(&[0, 1, 1, count, 1])])?,
            &mp4_box(b"stsz", &[&words(&[0, 0, count]), &sizes_table(titles)?])?,
            &mp4_box(b"co64", &[&words(&[0, 1]), &data_start.to_be_bytes()])?,
        ],
    )?;
    let minf = mp4_box(b"minf", &[&gmhd, &dinf, &stbl])?;
    let mdia = mp4_box(
        b"mdia",
        &[&mp4_box(b"mdhd", &[&mdhd])?, &mp4_box(b"hdlr", &[&hdlr])?, &minf],
    )?;
    mp4_box(b"trak", &[&mp4_box(b"tkhd", &[&tkhd])?, &mdia])
}

fn lengths_table(titles: &Titles) -> Option<Vec<u8>> {
    let mut table = Vec::new();
    for length in titles.lengths() {
        table.extend(1_u32.to_be_bytes());
        table.extend(u32::try_from(length).ok()?.to_be_bytes());
    }
    Some(table)
}

fn sizes_table(titles: &Titles) -> Option<Vec<u8>> {
    let mut table = Vec::new();
    for size in titles.sizes() {
        table.extend(u32::try_from(size).ok()?.to_be_bytes());
    }
    Some(table)
}

/// How the text would be drawn: centred, black on black, in a box without size; nobody draws it.
fn text_description() -> Option<Vec<u8>> {
    // Reserved (6) and the data reference (2), display flags (4) and justification (4); the rest is 0: colour
    // (6), box (8), reserved (8), font and face (4), reserved (3), colour (6), length of the font's name (1).
    let mut payload = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
    payload.resize(payload.len() + 36, 0);
    mp4_box(b"text", &[&payload])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(start_secs: f64, title: &str) -> ChapterMark {
        ChapterMark {
            start_secs,
            title: title.to_owned(),
        }
    }

    #[test]
    fn starts_grow_and_fill_the_recording() {
        let marks = [
            mark(0.2, "a"),
            mark(1.0, "b"),
            mark(1.0, "c"),
            mark(f64::NAN, "d"),
        ];
        let titles = Titles::new(&marks, 5000);
        assert_eq!(titles.starts, [0, 1000, 1001, 1002]);
        assert_eq!(titles.lengths().sum::<u64>(), 5000);
        assert_eq!(Titles::new(&marks, 10).end, 1003);
    }

    #[test]
    fn titles_are_cut_between_characters() {
        let long = "ä".repeat(200);
        let list = chapter_list(&Titles::new(&[mark(0.0, &long)], 1000)).unwrap();
        assert_eq!(list[25], 254);
        assert_eq!(cut("äb", 1), "");
        let many: Vec<ChapterMark> = (0..256).map(|n| mark(f64::from(n), "x")).collect();
        assert!(chapter_list(&Titles::new(&many, 1)).is_none());
        assert!(chapter_list(&Titles::new(&many[..255], 1)).is_some());
    }
}
