//! How a decoded picture has to be turned before it is upright. Containers say it with a 3×3 display matrix
//! (ISO/IEC 14496-12, `tkhd`); only its quarter turns and mirrorings are honoured.

/// One of the eight ways a rectangle can lie: an optional exchange of the axes, then optional mirrorings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Orientation {
    /// Columns become rows (before mirroring).
    pub transpose: bool,
    /// The shown picture runs right to left.
    pub flip_x: bool,
    /// The shown picture runs bottom to top.
    pub flip_y: bool,
}

impl Orientation {
    /// From the matrix entries a, b, c, d: a picture point (x, y) is shown at (a·x + c·y, b·x + d·y).
    pub fn from_matrix(a: i32, b: i32, c: i32, d: i32) -> Orientation {
        if a == 0 && b == 0 && c == 0 && d == 0 {
            return Orientation::default();
        }
        let along = i64::from(a).abs() + i64::from(d).abs();
        let across = i64::from(b).abs() + i64::from(c).abs();
        if along >= across {
            Orientation {
                transpose: false,
                flip_x: a < 0,
                flip_y: d < 0,
            }
        } else {
            Orientation {
                transpose: true,
                flip_x: c < 0,
                flip_y: b < 0,
            }
        }
    }

    /// Clockwise turn in degrees (0, 90, 180, 270) that makes the picture upright; mirroring is left out.
    pub fn rotation_deg(self) -> u32 {
        match (self.transpose, self.flip_x, self.flip_y) {
            (false, _, false) => 0,
            (false, _, true) => 180,
            (true, true, _) => 90,
            (true, false, _) => 270,
        }
    }

    /// Size after turning a picture of `width` × `height`.
    pub fn apply_to_size(self, width: usize, height: usize) -> (usize, usize) {
        if self.transpose {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Turns a tightly packed picture. `pixels` holds `width * height` values.
    pub fn apply(self, pixels: Vec<u8>, width: usize, height: usize) -> Vec<u8> {
        if self == Orientation::default() || width == 0 || height == 0 {
            return pixels;
        }
        let mut source_rows: Vec<&[u8]> = pixels.chunks_exact(width).collect();
        let mut turned = Vec::with_capacity(pixels.len());
        if self.transpose {
            // Shown row y holds picture column y (or the mirrored one), read down the picture rows.
            if self.flip_x {
                source_rows.reverse();
            }
            for y in 0..width {
                let column = if self.flip_y { width - 1 - y } else { y };
                turned.extend(source_rows.iter().filter_map(|row| row.get(column)));
            }
        } else {
            if self.flip_y {
                source_rows.reverse();
            }
            for row in source_rows {
                if self.flip_x {
                    turned.extend(row.iter().rev());
                } else {
                    turned.extend_from_slice(row);
                }
            }
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    #[test]
    fn quarter_turns_clockwise() {
        // 1 2 3
        // 4 5 6
        let picture = vec![1, 2, 3, 4, 5, 6];
        let cases = [
            ((ONE, 0, 0, ONE), 0, vec![1, 2, 3, 4, 5, 6]),
            ((0, ONE, -ONE, 0), 90, vec![4, 1, 5, 2, 6, 3]),
            ((-ONE, 0, 0, -ONE), 180, vec![6, 5, 4, 3, 2, 1]),
            ((0, -ONE, ONE, 0), 270, vec![3, 6, 2, 5, 1, 4]),
        ];
        for ((a, b, c, d), degrees, expected) in cases {
            let orientation = Orientation::from_matrix(a, b, c, d);
            assert_eq!(orientation.rotation_deg(), degrees);
            assert_eq!(orientation.apply(picture.clone(), 3, 2), expected, "{degrees}");
        }
    }

    #[test]
    fn mirrored_and_degenerate_matrices() {
        assert_eq!(
            Orientation::from_matrix(-ONE, 0, 0, ONE).apply(vec![1, 2, 3, 4], 2, 2),
            [2, 1, 4, 3]
        );
        assert_eq!(Orientation::from_matrix(0, 0, 0, 0), Orientation::default());
        assert_eq!(
            Orientation::from_matrix(i32::MIN, 0, 0, i32::MIN).rotation_deg(),
            180
        );
    }
}
