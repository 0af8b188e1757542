//! `D[r][s] = Σ_k a_r[k] · b[o_s + k]`: dot products of `R` rows with one array at `S` offsets, in whole
//! numbers.
//!
//! Comparing frames at every shift of a grid is nothing else. One product after the other waits for memory,
//! two loads for each multiplication; together, each load is used more than once (register blocking).
//! Integers, so every version gives the same numbers.

/// All slices are a multiple of this long.
pub(crate) const LANES: usize = 32;

/// The dot product of each of `ours` with the part of `theirs` that begins at each of `offsets`. The numbers
/// must be small enough for the sums to fit an `i32`.
///
/// # Panics
/// When `ours` are not of one length, or that is no multiple of [`LANES`], or `theirs` ends too early.
#[inline]
pub(crate) fn dots<const R: usize, const S: usize>(
    ours: [&[i16]; R],
    theirs: &[i16],
    offsets: [usize; S],
) -> [[i32; S]; R] {
    let len = ours.first().map_or(0, |row| row.len());
    assert!(len.is_multiple_of(LANES) && ours.iter().all(|row| row.len() == len));
    assert!(offsets.iter().all(|&o| o + len <= theirs.len()));
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_vnni() {
            // SAFETY: the processor has what the function enables; lengths and offsets were checked above.
            return unsafe { x86::vnni(ours, theirs, offsets) };
        }
        if crate::dispatch::has_avx2() {
            // SAFETY: as above.
            return unsafe { x86::avx2(ours, theirs, offsets) };
        }
    }
    dots_plain(ours, theirs, offsets)
}

/// The bounds of the values keep the sum inside an `i32`; saying so with wrapping operations lets builds with
/// overflow checks use vectors as well.
#[inline(always)]
pub(crate) fn dot_plain(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).fold(0i32, |sum, (&p, &q)| {
        sum.wrapping_add(i32::from(p).wrapping_mul(i32::from(q)))
    })
}

/// The definition.
fn dots_plain<const R: usize, const S: usize>(
    ours: [&[i16]; R],
    theirs: &[i16],
    offsets: [usize; S],
) -> [[i32; S]; R] {
    ours.map(|row| offsets.map(|o| dot_plain(row, &theirs[o..o + row.len()])))
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, __m512i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_setzero_si128, _mm_shuffle_epi32,
        _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi32, _mm_unpacklo_epi64, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16,
        _mm256_setzero_si256, _mm512_castsi512_si256, _mm512_dpwssd_epi32, _mm512_extracti64x4_epi64,
        _mm512_loadu_si512, _mm512_setzero_si512,
    };

    /// AVX-512 with the instruction that multiplies and adds.
    #[inline]
    pub(super) fn has_vnni() -> bool {
        crate::dispatch::has_avx512() && std::arch::is_x86_feature_detected!("avx512vnni")
    }

    /// A version of [`super::dots`] for registers of one kind.
    ///
    /// # Safety
    /// The processor must have the features; all of `ours` must have the length of the first, a multiple of
    /// [`super::LANES`], and `theirs` that many numbers from each of `offsets` on.
    macro_rules! version {
        ($name:ident, $features:literal, $register:ty, $numbers:literal, $zero:ident, $load:ident, $join:ident, $quarter:ident) => {
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $name<const R: usize, const S: usize>(
                ours: [&[i16]; R],
                theirs: &[i16],
                offsets: [usize; S],
            ) -> [[i32; S]; R] {
                let mut sums = [[$zero(); S]; R];
                let mut at = 0;
                while at < ours[0].len() {
                    let mut rows = [$zero(); R];
                    for (row, numbers) in rows.iter_mut().zip(ours) {
                        // SAFETY: `at` is below the common length, a multiple of the numbers of a register.
                        *row = unsafe { $load(numbers.as_ptr().add(at).cast::<$register>()) };
                    }
                    for s in 0..S {
                        let place = offsets[s] + at;
                        // SAFETY: `theirs` has the common length from each offset on.
                        let moved = unsafe { $load(theirs.as_ptr().add(place).cast::<$register>()) };
                        for r in 0..R {
                            sums[r][s] = $join(sums[r][s], rows[r], moved);
                        }
                    }
                    at += $numbers;
                }
                let mut out = [[0; S]; R];
                for (out, sums) in out.iter_mut().zip(&sums) {
                    for (out, sums) in out.chunks_mut(4).zip(sums.chunks(4)) {
                        let mut parts = [_mm_setzero_si128(); 4];
                        for (part, &sum) in parts.iter_mut().zip(sums) {
                            *part = $quarter(sum);
                        }
                        out.copy_from_slice(&totals(parts)[..out.len()]);
                    }
                }
                out
            }
        };
    }

    version!(
        vnni,
        "avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx2,popcnt,avx512vnni",
        __m512i,
        32,
        _mm512_setzero_si512,
        _mm512_loadu_si512,
        _mm512_dpwssd_epi32,
        quarter_512
    );
    version!(
        avx2,
        "avx2,popcnt",
        __m256i,
        16,
        _mm256_setzero_si256,
        _mm256_loadu_si256,
        multiply_add_256,
        quarter_256
    );

    #[inline]
    #[target_feature(enable = "avx2")]
    fn multiply_add_256(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        _mm256_add_epi32(sum, _mm256_madd_epi16(a, b))
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn quarter_512(sum: __m512i) -> __m128i {
        quarter_256(_mm256_add_epi32(
            _mm512_castsi512_si256(sum),
            _mm512_extracti64x4_epi64::<1>(sum),
        ))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn quarter_256(sum: __m256i) -> __m128i {
        _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
    }

    /// The sum of each of four registers.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn totals([a, b, c, d]: [__m128i; 4]) -> [i32; 4] {
        let ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
        let cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
        let all = _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
        [
            _mm_cvtsi128_si32(all),
            _mm_cvtsi128_si32(_mm_shuffle_epi32::<1>(all)),
            _mm_cvtsi128_si32(_mm_shuffle_epi32::<2>(all)),
            _mm_cvtsi128_si32(_mm_shuffle_epi32::<3>(all)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: u32) -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 20) as i16 - 2048
        };
        (0..count).map(|_| next().clamp(-2000, 2000)).collect()
    }

    fn check<const R: usize, const S: usize>() {
        for len in [0, LANES, 8 * LANES] {
            let rows = numbers(R * len, 7);
            let theirs = numbers(len + 200, 9);
            let ours: [&[i16]; R] = std::array::from_fn(|r| &rows[r * len..(r + 1) * len]);
            let offsets: [usize; S] = std::array::from_fn(|s| (s * 37) % 200);
            let plain = dots_plain(ours, &theirs, offsets);
            assert_eq!(dots(ours, &theirs, offsets), plain);
            #[cfg(target_arch = "x86_64")]
            if crate::dispatch::has_avx2() {
                // SAFETY: the processor has AVX2; rows, offsets and lengths are those of the call above.
                assert_eq!(unsafe { x86::avx2(ours, &theirs, offsets) }, plain);
            }
        }
    }

    #[test]
    fn every_processor_version_gives_the_same_integers() {
        check::<1, 1>();
        check::<1, 5>();
        check::<1, 9>();
        check::<3, 7>();
        check::<4, 5>();
    }
}
