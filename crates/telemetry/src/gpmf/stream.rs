//! One `STRM` of one payload: its modifiers and its data, not yet placed in time.

use crate::FourCc;
use crate::gpmf::klv::{KlvItem, items};
use crate::gpmf::value::{self, SampleLayout};
use crate::utc::parse_gpsu;
use crate::warning::{Warning, Warnings};

/// Items that describe a stream instead of being its data.
const MODIFIERS: [&[u8; 4]; 20] = [
    b"SCAL", b"TYPE", b"UNIT", b"SIUN", b"STNM", b"TSMP", b"STMP", b"TICK", b"TOCK", b"ORIN", b"ORIO",
    b"MTRX", b"TMPC", b"EMPT", b"GPSF", b"GPSU", b"GPSP", b"GPSA", b"TIMO", b"RMRK",
];

/// A stream as one payload carries it.
#[derive(Debug, Clone)]
pub struct StreamPart<'a> {
    /// Key of the data, e.g. `ACCL`.
    pub key: FourCc,
    /// Description (`STNM`), empty when absent.
    pub name: String,
    /// Units (`SIUN`, else `UNIT`): none, one, or one per axis.
    pub units: Vec<String>,
    /// Samples of this stream from the recording start, this payload included.
    pub total_samples: Option<u64>,
    /// Fix of all GPS5 samples of this payload (`GPSF`).
    pub gps_fix: Option<u32>,
    /// Dilution of precision of all GPS5 samples of this payload (`GPSP` / 100).
    pub gps_dop: Option<f64>,
    /// UTC of this payload (`GPSU`), Unix seconds.
    pub gps_utc_unix_secs: Option<f64>,
    scale: Vec<f64>,
    type_text: Option<String>,
    data: Vec<KlvItem<'a>>,
}

impl<'a> StreamPart<'a> {
    /// Reads the contents of one `STRM`. `None` when it has no data item.
    pub fn read(strm: &'a [u8], warnings: &mut Warnings) -> Option<Self> {
        let mut part = StreamPart {
            key: FourCc([0; 4]),
            name: String::new(),
            units: Vec::new(),
            total_samples: None,
            gps_fix: None,
            gps_dop: None,
            gps_utc_unix_secs: None,
            scale: Vec::new(),
            type_text: None,
            data: Vec::new(),
        };
        for item in items(strm) {
            match item {
                Ok(item) => part.take(item),
                Err(warning) => {
                    warnings.push(warning);
                    break;
                }
            }
        }
        // Data is what comes last; classifier streams repeat it (one `SCEN` item per frame).
        part.key = part.data.last()?.key;
        let key = part.key;
        part.data.retain(|item| item.key == key);
        Some(part)
    }

    fn take(&mut self, item: KlvItem<'a>) {
        match &item.key.0 {
            b"SCAL" => self.scale = value::numbers(&item),
            b"TYPE" => self.type_text = Some(value::text(&item)),
            b"STNM" => self.name = value::text(&item),
            b"SIUN" => self.units = value::texts(&item),
            b"UNIT" if self.units.is_empty() => self.units = value::texts(&item),
            b"TSMP" => self.total_samples = value::first_number(&item).map(|count| count.max(0.0) as u64),
            b"GPSF" => self.gps_fix = value::first_number(&item).map(|fix| fix as u32),
            b"GPSP" => self.gps_dop = value::first_number(&item).map(|dop| dop / 100.0),
            b"GPSU" => self.gps_utc_unix_secs = parse_gpsu(&value::text(&item)),
            _ if MODIFIERS.contains(&&item.key.0) => {}
            _ => self.data.push(item),
        }
    }

    /// Samples in this payload. A repeated data item is one sample per item.
    pub fn sample_count(&self) -> usize {
        match self.data.as_slice() {
            [item] => item.repeat,
            many => many.len(),
        }
    }

    /// Scaled values, sample after sample, and the number of values per sample.
    ///
    /// `None`, with a warning, when the layout or the scale cannot be understood.
    pub fn values(&self, warnings: &mut Warnings) -> Option<(usize, Vec<f64>)> {
        let (layout, scale) = self.scaled_layout(warnings)?;
        let [item] = self.data.as_slice() else { return None };
        let mut values = Vec::with_capacity(layout.axes() * item.repeat);
        for structure in item.data.chunks_exact(item.size) {
            values.extend(
                layout
                    .numbers(structure)
                    .zip(&scale)
                    .map(|(raw, divisor)| raw / divisor),
            );
        }
        Some((layout.axes(), values))
    }

    /// How a sample is laid out, and what each of its values is divided by; as [`values`](Self::values).
    pub(crate) fn scaled_layout(&self, warnings: &mut Warnings) -> Option<(SampleLayout, Vec<f64>)> {
        let [item] = self.data.as_slice() else { return None };
        if item.kind == b'#' {
            warnings.push(Warning::Compressed { key: self.key });
            return None;
        }
        let Some(layout) = SampleLayout::of(item, self.type_text.as_deref()) else {
            warnings.push(Warning::BadLayout { key: self.key });
            return None;
        };
        let scale = self.scale_per_axis(layout.axes(), warnings)?;
        Some((layout, scale))
    }

    fn scale_per_axis(&self, axes: usize, warnings: &mut Warnings) -> Option<Vec<f64>> {
        let mut scale = match self.scale.as_slice() {
            [] => vec![1.0; axes],
            [one] => vec![*one; axes],
            many if many.len() == axes => many.to_vec(),
            many => {
                warnings.push(Warning::BadScaleCount {
                    key: self.key,
                    found: many.len(),
                    axes,
                });
                return None;
            }
        };
        for divisor in &mut scale {
            if *divisor == 0.0 || !divisor.is_finite() {
                warnings.push(Warning::ZeroScale { key: self.key });
                *divisor = 1.0;
            }
        }
        Some(scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpmf::testing::item;

    fn read(parts: &[Vec<u8>]) -> (Option<(usize, Vec<f64>)>, Warnings) {
        let bytes = parts.concat();
        let mut warnings = Warnings::default();
        let values = StreamPart::read(&bytes, &mut warnings).and_then(|part| part.values(&mut warnings));
        (values, warnings)
    }

    #[test]
    fn one_scale_or_one_per_axis() {
        let data = item(b"ACCL", b's', 4, &[0, 10, 0, 20, 0, 30, 0, 40]);
        let (values, _) = read(&[item(b"SCAL", b's', 2, &[0, 10]), data.clone()]);
        assert_eq!(values, Some((2, vec![1.0, 2.0, 3.0, 4.0])));
        let (values, _) = read(&[item(b"SCAL", b's', 2, &[0, 10, 0, 5]), data.clone()]);
        assert_eq!(values, Some((2, vec![1.0, 4.0, 3.0, 8.0])));
        let (values, warnings) = read(&[item(b"SCAL", b's', 2, &[0, 10, 0, 5, 0, 1]), data.clone()]);
        assert_eq!(values, None);
        assert!(matches!(
            warnings.as_slice(),
            [Warning::BadScaleCount {
                found: 3,
                axes: 2,
                ..
            }]
        ));
        let (values, warnings) = read(&[item(b"SCAL", b's', 2, &[0, 0]), data]);
        assert_eq!(values, Some((2, vec![10.0, 20.0, 30.0, 40.0])));
        assert!(matches!(warnings.as_slice(), [Warning::ZeroScale { .. }]));
    }

    #[test]
    fn compressed_and_misfitting_streams_are_skipped_with_a_warning() {
        let (values, warnings) = read(&[item(b"ACCL", b'#', 4, &[0; 8])]);
        assert_eq!(values, None);
        assert!(matches!(warnings.as_slice(), [Warning::Compressed { .. }]));
        let (values, warnings) = read(&[item(b"TYPE", b'c', 1, b"lS"), item(b"DATA", b'?', 8, &[0; 8])]);
        assert_eq!(values, None);
        assert!(matches!(warnings.as_slice(), [Warning::BadLayout { .. }]));
        let (values, _) = read(&[item(b"DATA", b'x', 8, &[0; 8])]);
        assert_eq!(values, None);
    }

    #[test]
    fn a_stream_of_modifiers_has_no_data() {
        let bytes = item(b"STNM", b'c', 1, b"3A STATS");
        assert!(StreamPart::read(&bytes, &mut Warnings::default()).is_none());
    }
}
