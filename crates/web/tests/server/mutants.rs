//! Requests that are almost right: the seeds of the fuzz target `http`, damaged at random places. The server
//! answers or closes, never says that something is wrong inside, and serves the next one.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::path::Path;

use crate::place::Place;

/// Damaged requests of one run of the tests; MTB_HTTP_MUTANTS asks for more.
const MUTANTS: u64 = 1500;
/// What is put into requests besides random bytes.
const WORDS: [&[u8]; 12] = [
    b"%2e%2e/",
    b"%00",
    b"..",
    b"\r\n",
    b"\0",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"[[[[",
    b"\"",
    b"{}",
    b"\xff",
];

/// xorshift64*: the same requests on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}

fn damaged(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(5) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
            1 => {
                let word = WORDS[dice.below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            2 => bytes.truncate(at),
            3 => {
                let end = (at + dice.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + dice.below(200)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn damaged_requests_are_answered_or_closed() {
    let place = Place::new();
    place.write("ride.mp4", b"\0\0\0\x18ftypmp42");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/http");
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    seeds.sort();
    let count = std::env::var("MTB_HTTP_MUTANTS").map_or(MUTANTS, |text| text.parse().unwrap());
    let mut statuses = std::collections::BTreeMap::<String, u64>::new();
    for number in 0..count {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (number + 1));
        let seed = fs::read(&seeds[dice.below(seeds.len())]).unwrap();
        let request = damaged(seed, &mut dice);
        let mut stream = place.connect();
        // A refused request may be answered before all of it was sent.
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let shown = || String::from_utf8_lossy(&request).into_owned();
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1."),
            "{number}: {}",
            shown()
        );
        let status = String::from_utf8_lossy(answer.get(9..12).unwrap_or(b"---")).into_owned();
        assert_ne!(status, "500", "{number}: {}", shown());
        *statuses.entry(status).or_default() += 1;
    }
    println!("{count} requests: {statuses:?}");
    assert!(statuses.len() > 5, "{statuses:?}");
    assert_eq!(place.get("/healthz").status, 200);
}
