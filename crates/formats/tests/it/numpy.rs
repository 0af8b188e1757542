//! A real archive of numpy's, with arrays that must be read and arrays that must be refused.

use std::io::Cursor;

use half::f16;
use mtbsync_formats::npz::NpzReader;

fn archive() -> NpzReader<Cursor<&'static [u8]>> {
    NpzReader::new(Cursor::new(include_bytes!("../data/numpy.npz").as_slice())).unwrap()
}

#[test]
fn plain_arrays_are_read() {
    let mut archive = archive();
    assert_eq!(archive.array::<f64>("t").unwrap().data, [0.5, 1.5]);
    assert_eq!(archive.array::<f32>("k").unwrap().shape, [2, 3]);
    assert_eq!(archive.array::<f16>("h").unwrap().data, [f16::from_f32(1.5)]);
    assert_eq!(archive.array::<i64>("i").unwrap().data, [-1, 1 << 40]);
    assert_eq!(archive.array::<u8>("u").unwrap().data, b"{}");
}

#[test]
fn objects_fortran_order_and_big_endian_are_refused() {
    let mut archive = archive();
    for (name, problem) in [
        ("fortran", "member `fortran`: is in Fortran order"),
        ("objects", "member `objects`: holds `|O` instead of `<f8`"),
        ("big", "member `big`: holds `>f8` instead of `<f8`"),
    ] {
        assert_eq!(archive.array::<f64>(name).unwrap_err().to_string(), problem);
    }
}
