//! The number types an array may hold.

use half::f16;

/// A number type of an array, with its name in `.npy` headers.
pub trait NpzElement: Copy + sealed::Sealed {
    /// numpy's type string, little-endian.
    const DESCR: &'static str;
    /// Bytes per number.
    const SIZE: usize;
    #[doc(hidden)]
    fn append_to(self, bytes: &mut Vec<u8>);
    /// `bytes` holds exactly [`Self::SIZE`] bytes.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! element {
    ($type:ty, $descr:literal) => {
        impl sealed::Sealed for $type {}
        impl NpzElement for $type {
            const DESCR: &'static str = $descr;
            const SIZE: usize = size_of::<$type>();
            fn append_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn from_bytes(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$type>()];
                array.copy_from_slice(bytes);
                Self::from_le_bytes(array)
            }
        }
    };
}

element!(f64, "<f8");
element!(f32, "<f4");
element!(f16, "<f2");
element!(i64, "<i8");
element!(u32, "<u4");
element!(u8, "|u1");
