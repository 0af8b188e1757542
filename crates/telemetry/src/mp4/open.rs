//! From a file to its tracks: finds `moov`, reads it, and takes it apart.

use std::io::{Read, Seek, SeekFrom};

use mtbsync_formats::bmff::{BoxHeader, BoxName, HeaderTimes, UserData, track_id};
use mtbsync_formats::bytes::{array_at, be_u32, be_u64};

use super::boxes::{boxes, child, descend};
use super::{Mp4Error, Mp4File, Mp4Track};
use crate::FourCc;
use crate::utc::MP4_EPOCH_TO_UNIX_SECS;
use crate::warning::{Warning, Warnings};

/// Largest `moov` read. A five-hour recording at 60 fps needs 20 MB.
const MAX_MOOV_BYTES: u64 = 256 << 20;
/// Most boxes looked at on the top level; fragmented files have two per second.
const MAX_TOP_BOXES: usize = 200_000;
/// Most tracks read.
const MAX_TRACKS: usize = 64;
/// Boxes a MP4 or QuickTime file may begin with.
const FIRST_BOXES: [&BoxName; 9] = [
    b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid",
];

/// Reads the body of `moov`, and the length of the file.
pub(super) fn read_moov(reader: &mut (impl Read + Seek)) -> Result<(Vec<u8>, u64), Mp4Error> {
    let file_len = reader.seek(SeekFrom::End(0))?;
    let mut at = 0_u64;
    for index in 0..MAX_TOP_BOXES {
        let Some(header) = BoxHeader::read(reader, at, file_len)? else {
            break;
        };
        if index == 0 && !FIRST_BOXES.contains(&&header.name) {
            return Err(Mp4Error::NotMp4);
        }
        let Some(body_len) = header.len.checked_sub(header.header_len) else {
            break;
        };
        if &header.name == b"moov" {
            if body_len > MAX_MOOV_BYTES || !header.fits(file_len - at) {
                return Err(Mp4Error::MoovTooLarge { bytes: body_len });
            }
            let mut moov = vec![0; body_len as usize];
            reader.seek(SeekFrom::Start(at + header.header_len))?;
            reader.read_exact(&mut moov)?;
            return Ok((moov, file_len));
        }
        let Some(next) = at.checked_add(header.len) else {
            break;
        };
        at = next;
    }
    if at == 0 {
        Err(Mp4Error::NotMp4)
    } else {
        Err(Mp4Error::NoMoov)
    }
}

pub(super) fn parse_moov(moov: &[u8], file_len: u64) -> Mp4File {
    let mut warnings = Warnings::default();
    let mut tracks = Vec::new();
    let mut udta = UserData::default();
    let mut creation_unix_secs = None;
    let mut movie_timescale = 1000;
    for part in boxes(moov, &mut warnings) {
        match &part.name {
            b"mvhd" => {
                (creation_unix_secs, movie_timescale) = read_mvhd(part.body).unwrap_or((None, 1000));
            }
            b"udta" => {
                udta.boxes = boxes(part.body, &mut warnings)
                    .iter()
                    .map(|found| (found.name, found.body.to_vec()))
                    .collect();
            }
            b"trak" if tracks.len() < MAX_TRACKS => {
                tracks.extend(read_trak(part.body, movie_timescale, &mut warnings));
            }
            b"mvex" => warnings.push(Warning::Fragmented),
            _ => {}
        }
    }
    Mp4File {
        tracks,
        udta,
        creation_unix_secs,
        warnings,
        file_len,
    }
}

/// Creation time and timescale of the movie.
fn read_mvhd(mvhd: &[u8]) -> Option<(Option<f64>, u32)> {
    let times = HeaderTimes::parse(mvhd)?;
    let unix_secs = i64::try_from(times.created_secs)
        .ok()
        .filter(|&secs| secs > 0)
        .map(|secs| secs - MP4_EPOCH_TO_UNIX_SECS);
    Some((unix_secs.map(|secs| secs as f64), times.timescale.max(1)))
}

fn read_trak(trak: &[u8], movie_timescale: u32, warnings: &mut Warnings) -> Option<Mp4Track> {
    let id = track_id(child(trak, b"tkhd", warnings)?)?;
    let mdia = child(trak, b"mdia", warnings)?;
    let times = HeaderTimes::parse(child(mdia, b"mdhd", warnings)?)?;
    let (timescale, duration) = (times.timescale.max(1), times.ticks?);
    let handler = FourCc::at(child(mdia, b"hdlr", warnings)?, 8)?;
    let stbl = descend(mdia, &[b"minf", b"stbl"], warnings)?;
    let stsd = child(stbl, b"stsd", warnings)?;
    let entries = boxes(stsd.get(8..)?, warnings);
    let entry = entries.first()?;
    let edit_offset_secs = child(trak, b"edts", warnings)
        .and_then(|edts| child(edts, b"elst", warnings))
        .and_then(|elst| read_edit_offset(elst, movie_timescale, timescale))
        .unwrap_or(0.0);
    let chapter_track_ids = child(trak, b"tref", warnings)
        .and_then(|tref| child(tref, b"chap", warnings))
        .map(|chap| {
            chap.chunks_exact(4)
                .filter_map(|id| be_u32(id, 0))
                .take(MAX_TRACKS)
                .collect()
        })
        .unwrap_or_default();
    Some(Mp4Track {
        id,
        handler,
        format: FourCc(entry.name),
        timescale,
        duration_secs: duration as f64 / f64::from(timescale),
        edit_offset_secs,
        chapter_track_ids,
        // Six reserved bytes, a data reference, and for timecode a reserved word.
        sample_entry: entry.body.get(12..).unwrap_or(&[]).to_vec(),
        stbl: stbl.to_vec(),
    })
}

/// Leading empty edits delay a track; the first real edit skips `media_time` of it.
fn read_edit_offset(elst: &[u8], movie_timescale: u32, media_timescale: u32) -> Option<f64> {
    let wide = *elst.first()? == 1;
    let entry_len = if wide { 20 } else { 12 };
    let mut delay_secs = 0.0;
    for entry in elst
        .get(8..)?
        .chunks_exact(entry_len)
        .take(be_u32(elst, 4)? as usize)
    {
        let (length, media_time) = if wide {
            (be_u64(entry, 0)?, i64::from_be_bytes(array_at(entry, 8)?))
        } else {
            (
                u64::from(be_u32(entry, 0)?),
                i64::from(i32::from_be_bytes(array_at(entry, 4)?)),
            )
        };
        if media_time >= 0 {
            return Some(delay_secs - media_time as f64 / f64::from(media_timescale));
        }
        delay_secs += length as f64 / f64::from(movie_timescale);
    }
    Some(delay_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn files_that_are_no_recordings_say_so() {
        let read = |bytes: &[u8]| Mp4File::read(&mut Cursor::new(bytes.to_vec()));
        assert!(matches!(read(b""), Err(Mp4Error::NotMp4)));
        assert!(matches!(read(b"just some text in a file"), Err(Mp4Error::NotMp4)));
        let interrupted = read(b"\0\0\0\x10ftypmp41\0\0\0\0\0\0\0\x00mdatxxxx").unwrap_err();
        assert!(matches!(interrupted, Mp4Error::NoMoov));
        assert!(interrupted.hint().unwrap().contains("repair"));
        assert!(matches!(
            read(b"\0\0\0\x08ftyp\x7f\0\0\0moov"),
            Err(Mp4Error::MoovTooLarge { .. })
        ));
        assert!(read(b"\0\0\0\x08ftyp\0\0\0\x08moov").unwrap().tracks.is_empty());
    }

    #[test]
    fn edit_lists_shift_and_delay() {
        let mut elst = vec![0, 0, 0, 0, 0, 0, 0, 2];
        elst.extend(500_u32.to_be_bytes());
        elst.extend((-1_i32).to_be_bytes());
        elst.extend([0, 1, 0, 0]);
        elst.extend(9000_u32.to_be_bytes());
        elst.extend(3000_i32.to_be_bytes());
        elst.extend([0, 1, 0, 0]);
        let offset_secs = read_edit_offset(&elst, 1000, 30_000).unwrap();
        assert!((offset_secs - (0.5 - 0.1)).abs() < 1e-12);
    }
}
