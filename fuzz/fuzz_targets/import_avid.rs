#![no_main]

use libfuzzer_sys::fuzz_target;
use mtbsync_markers::import::ImportFormat;

fuzz_target!(|data: &[u8]| mtbsync_fuzz::import_as(Some(ImportFormat::Avid), data));
