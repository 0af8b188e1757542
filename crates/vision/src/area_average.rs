//! `out[y][x] = Σ w_y[j] w_x[i] I[j][i]`: area averaging of the grid's window. The weights are the shares
//! that a source pixel has in the part of the picture which an output pixel covers.

use crate::dispatch::multiversion;
use crate::grid_window::GridWindow;
use crate::image::LumaView;

/// Reduces pictures to one size; keeps its work space and weights between pictures of one size.
#[derive(Debug)]
pub(crate) struct AreaAverage {
    /// Of the output, pixels.
    width: usize,
    height: usize,
    /// Of the pictures that the spans are for, pixels.
    source: (usize, usize),
    columns: Spans,
    rows: Spans,
    line: Vec<f32>,
}

/// For each output pixel of a line, the source pixels it covers.
#[derive(Debug, Default)]
struct Spans {
    first: Vec<usize>,
    /// `len` each; 0 beyond the end of a span.
    weights: Vec<f32>,
    len: usize,
}

impl AreaAverage {
    /// To pictures of `width`×`height` pixels.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            source: (0, 0),
            columns: Spans::default(),
            rows: Spans::default(),
            line: Vec::new(),
        }
    }

    /// Reduce `picture`, which is not empty, into `out`, row by row.
    pub fn reduce(&mut self, picture: &LumaView<'_>, out: &mut [f32]) {
        let size = (picture.width(), picture.height());
        if self.source != size {
            let window = GridWindow::of(size.0, size.1);
            self.columns = Spans::new(window.left, window.width, self.width, size.0);
            self.rows = Spans::new(window.top, window.height, self.height, size.1);
            // Spans at the right edge may be shorter than the longest.
            self.line = vec![0.0; size.0 + self.columns.len];
            self.source = size;
        }
        for (out_row, (first, weights)) in out.chunks_exact_mut(self.width).zip(self.rows.iter()) {
            let line = &mut self.line[..size.0];
            line.fill(0.0);
            for (offset, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
                let start = (first + offset) * size.0;
                add_row(line, &picture.data()[start..start + size.0], weight);
            }
            self.columns.sum_into(out_row, &self.line);
        }
    }
}

/// `line += weight * source`.
#[inline(always)]
fn add_row_plain(line: &mut [f32], source: &[u8], weight: f32) {
    for (sum, &byte) in line.iter_mut().zip(source) {
        *sum += weight * f32::from(byte);
    }
}

multiversion! {
    fn add_row(line: &mut [f32], source: &[u8], weight: f32) = add_row_plain;
}

impl Spans {
    /// Of `count` equal parts of `start..start+length`; the weights of each sum to 1. No span reaches pixel
    /// `limit`.
    fn new(start: f64, length: f64, count: usize, limit: usize) -> Self {
        let step = length / count as f64;
        let end = start + length;
        let spans: Vec<(usize, Vec<f32>)> = (0..count)
            .map(|i| {
                let from = start + i as f64 * step;
                let to = (from + step).min(end);
                let first = (from.floor() as usize).min(limit - 1);
                let last = (to.ceil() as usize).clamp(first + 1, limit);
                let raw: Vec<f64> = (first..last)
                    .map(|p| ((p + 1) as f64).min(to) - (p as f64).max(from))
                    .map(|overlap| overlap.max(0.0))
                    .collect();
                let total: f64 = raw.iter().sum();
                let norm = if total > 0.0 { 1.0 / total } else { 0.0 };
                (first, raw.iter().map(|w| (w * norm) as f32).collect())
            })
            .collect();
        let len = spans.iter().map(|(_, weights)| weights.len()).max().unwrap_or(0);
        let padded = |weights: &Vec<f32>| {
            let zeros = std::iter::repeat_n(0.0, len - weights.len());
            weights.iter().copied().chain(zeros).collect::<Vec<f32>>()
        };
        Self {
            first: spans.iter().map(|(first, _)| *first).collect(),
            weights: spans.iter().flat_map(|(_, weights)| padded(weights)).collect(),
            len,
        }
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.first
            .iter()
            .copied()
            .zip(self.weights.chunks_exact(self.len.max(1)))
    }

    /// The weighted sum of each span of `line`, which has `len` more pixels than the picture.
    fn sum_into(&self, out: &mut [f32], line: &[f32]) {
        match self.len {
            1 => self.sum_of::<1>(out, line),
            2 => self.sum_of::<2>(out, line),
            3 => self.sum_of::<3>(out, line),
            4 => self.sum_of::<4>(out, line),
            5 => self.sum_of::<5>(out, line),
            6 => self.sum_of::<6>(out, line),
            7 => self.sum_of::<7>(out, line),
            8 => self.sum_of::<8>(out, line),
            _ => {
                for (value, (first, weights)) in out.iter_mut().zip(self.iter()) {
                    let pixels = line[first..first + self.len].iter();
                    *value = pixels.zip(weights).map(|(v, w)| v * w).sum();
                }
            }
        }
    }

    fn sum_of<const LEN: usize>(&self, out: &mut [f32], line: &[f32]) {
        let weights = self.weights.as_chunks::<LEN>().0;
        for ((value, &first), weights) in out.iter_mut().zip(&self.first).zip(weights) {
            let Some(pixels) = line.get(first..).and_then(<[f32]>::first_chunk::<LEN>) else {
                continue;
            };
            let mut sum = 0.0;
            for (v, w) in pixels.iter().zip(weights) {
                sum += v * w;
            }
            *value = sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize) -> Vec<u8> {
        (0..width * height).map(|i| (i * i % 251) as u8).collect()
    }

    fn reduced(average: &mut AreaAverage, width: usize, height: usize) -> Vec<f32> {
        let pixels = picture(width, height);
        let mut out = vec![f32::NAN; average.width * average.height];
        average.reduce(&LumaView::new(width, height, &pixels).unwrap(), &mut out);
        out
    }

    /// Of a picture of the grid's aspect: each output pixel by itself, in double precision.
    fn expected(width: usize, height: usize, to: (usize, usize)) -> Vec<f64> {
        let pixels = picture(width, height);
        let step = (width as f64 / to.0 as f64, height as f64 / to.1 as f64);
        let overlap = |p: usize, i: usize, step: f64| {
            let (from, to) = (i as f64 * step, (i + 1) as f64 * step);
            (((p + 1) as f64).min(to) - (p as f64).max(from)).max(0.0)
        };
        let one = |x: usize, y: usize| {
            let mut sum = 0.0;
            for j in 0..height {
                for i in 0..width {
                    let weight = overlap(i, x, step.0) * overlap(j, y, step.1);
                    sum += weight * f64::from(pixels[j * width + i]);
                }
            }
            sum / (step.0 * step.1)
        };
        (0..to.0 * to.1).map(|k| one(k % to.0, k / to.0)).collect()
    }

    #[test]
    fn averages_are_those_of_the_covered_area() {
        let to = (16, 9);
        // Whole and broken numbers of pixels, enlarged, and more than are unrolled.
        for (width, height) in [(48, 27), (80, 45), (8, 4), (176, 99)] {
            let found = reduced(&mut AreaAverage::new(to.0, to.1), width, height);
            if (width * 9) == (height * 16) {
                for (a, b) in found.iter().zip(expected(width, height, to)) {
                    assert!((f64::from(*a) - b).abs() < 1e-3, "{width}: {a} {b}");
                }
            }
            assert!(found.iter().all(|value| (0.0..=255.0).contains(value)), "{width}");
        }
    }

    #[test]
    fn pictures_of_other_sizes_leave_no_trace() {
        let mut kept = AreaAverage::new(16, 9);
        let first = reduced(&mut kept, 50, 31);
        reduced(&mut kept, 31, 70);
        assert_eq!(reduced(&mut kept, 50, 31), first);
    }

    #[test]
    fn every_processor_version_gives_the_same_bits() {
        let source = picture(77, 1);
        let (mut fast, mut plain) = (vec![0.1; 77], vec![0.1; 77]);
        add_row(&mut fast, &source, 0.377);
        add_row_plain(&mut plain, &source, 0.377);
        assert_eq!(fast, plain);
    }
}
