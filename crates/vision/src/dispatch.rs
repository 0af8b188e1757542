//! One plain loop, compiled several times for newer processors.
//!
//! The pixel loops of this crate are written as ordinary Rust that the compiler can vectorise.
//! [`multiversion!`] compiles such a loop once more with AVX2 and once with AVX-512 enabled and picks at run
//! time what the machine has. All versions come from the same source and use integer arithmetic (or strictly
//! ordered floats), so they give the same bytes. On AArch64 the plain version already uses NEON, which is
//! part of the baseline there.

/// Wrap `#[inline(always)] fn $plain` into a function `$name` that dispatches on the processor.
///
/// `$plain` must be `#[inline(always)]`: only then is it compiled again inside each wrapper.
macro_rules! multiversion {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $plain:path;) => {
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx2,popcnt")]
                fn avx512($($arg: $ty),*) $(-> $ret)? {
                    $plain($($arg),*)
                }
                #[target_feature(enable = "avx2,popcnt")]
                fn avx2($($arg: $ty),*) $(-> $ret)? {
                    $plain($($arg),*)
                }
                if $crate::dispatch::has_avx512() {
                    // SAFETY: every feature the wrapper enables was just detected on this processor.
                    return unsafe { avx512($($arg),*) };
                }
                if $crate::dispatch::has_avx2() {
                    // SAFETY: every feature the wrapper enables was just detected on this processor.
                    return unsafe { avx2($($arg),*) };
                }
            }
            $plain($($arg),*)
        }
    };
}
pub(crate) use multiversion;

/// Every AVX-512 part that [`multiversion!`] enables is present.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512vl")
        && std::arch::is_x86_feature_detected!("avx512vpopcntdq")
        && has_avx2()
}

/// AVX2 and POPCNT are present.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
}
