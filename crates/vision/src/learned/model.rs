//! `x → f, r`: the network of [`super`], the one that is built in or another of the same interface.

use rten::{Dimension, Model, ModelOptions, NodeId, RunOptions, Value};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use thiserror::Error;

use super::{CHANNELS, MAP_COLS, MAP_ROWS, PICTURE_HEIGHT, PICTURE_WIDTH};

pub(super) const PICTURE_LEN: usize = PICTURE_WIDTH * PICTURE_HEIGHT;
/// The network that is built in; its source and licence stand beside it.
static BUILT_IN: &[u8] = include_bytes!("../../models/xfeat-dense-320x160.onnx");
const INPUT: (&str, [usize; 4]) = ("x", [1, 1, PICTURE_HEIGHT, PICTURE_WIDTH]);
const DESCRIPTORS: (&str, [usize; 4]) = ("f", [1, CHANNELS, MAP_ROWS, MAP_COLS]);
const RELIABILITIES: (&str, [usize; 4]) = ("r", [1, 1, MAP_ROWS, MAP_COLS]);

/// Why bytes are no model of this interface.
#[derive(Debug, Error)]
pub enum ModelProblem {
    /// Bytes that are no network, or one with operators nobody knows.
    #[error("not an ONNX model ({0})")]
    NotAModel(String),
    /// A network without an input or output of this name and shape.
    #[error("the model has no {kind} `{name}` of shape {shape:?}")]
    Interface {
        /// Input or output.
        kind: &'static str,
        /// Its name.
        name: &'static str,
        /// Its shape.
        shape: [usize; 4],
    },
    /// A network that does not compute.
    #[error("the model cannot be run ({0})")]
    NotRun(String),
}

impl ModelProblem {
    /// What the person can do.
    pub fn hint(&self) -> Option<String> {
        Some(
            "a model takes x [1, 1, 160, 320] and gives f [1, 64, 20, 40] and r [1, 1, 20, 40]; \
            leave ‹model› out for the one built in"
                .to_owned(),
        )
    }
}

/// A network, ready to be run by any thread.
pub struct LearnedModel {
    model: Model,
    input: NodeId,
    outputs: [NodeId; 2],
}

/// What the network makes of a picture, `[channel][row][column]`.
pub(super) struct Maps {
    pub descriptors: Vec<f32>,
    pub reliabilities: Vec<f32>,
}

impl LearnedModel {
    /// The network that is built in.
    ///
    /// # Errors
    /// Never with a program that passes its tests.
    pub fn built_in() -> Result<Self, ModelProblem> {
        Self::of_bytes(BUILT_IN.to_vec())
    }

    /// A network from the bytes of an ONNX file.
    ///
    /// # Errors
    /// The bytes are no ONNX model of the interface in `crates/vision/models/README.md`.
    pub fn of_bytes(bytes: Vec<u8>) -> Result<Self, ModelProblem> {
        let mut options = ModelOptions::with_all_ops();
        let model = options
            .prepack_weights(true)
            .load(bytes)
            .map_err(|error| ModelProblem::NotAModel(one_line(&error)))?;
        let find = |kind, (name, shape): (&'static str, [usize; 4]), ids: &[NodeId]| {
            let named = |id: &&NodeId| {
                model
                    .node_info(**id)
                    .is_some_and(|info| info.name() == Some(name))
            };
            let fits = |id: &&NodeId| {
                let known = model.node_info(**id).and_then(|info| info.shape());
                known.is_some_and(|known| {
                    known.len() == shape.len()
                        && known.iter().zip(shape).all(|(dimension, size)| match dimension {
                            Dimension::Fixed(fixed) => *fixed == size,
                            Dimension::Symbolic(_) => true,
                        })
                })
            };
            let found = ids.iter().find(|id| named(id) && fits(id)).copied();
            found.ok_or(ModelProblem::Interface { kind, name, shape })
        };
        let input = find("input", INPUT, model.input_ids())?;
        let outputs = [
            find("output", DESCRIPTORS, model.output_ids())?,
            find("output", RELIABILITIES, model.output_ids())?,
        ];
        if model.input_ids().len() > 1 {
            let (name, shape) = INPUT;
            return Err(ModelProblem::Interface {
                kind: "only input",
                name,
                shape,
            });
        }
        Ok(Self {
            model,
            input,
            outputs,
        })
    }

    pub(super) fn run(&self, picture: Vec<f32>, options: &RunOptions) -> Result<Maps, ModelProblem> {
        let not_run = |error: &dyn std::fmt::Display| ModelProblem::NotRun(one_line(error));
        let input = Value::from_shape(&INPUT.1, picture).map_err(|error| not_run(&error))?;
        let mut outputs = self
            .model
            .run(
                vec![(self.input, input.into())],
                &self.outputs,
                Some(options.clone()),
            )
            .map_err(|error| not_run(&error))?
            .into_iter();
        let mut next = |(_, shape): (&str, [usize; 4])| {
            let tensor: Option<Tensor<f32>> = outputs.next().and_then(|value| value.into_tensor());
            match tensor {
                Some(tensor) if tensor.shape() == shape => Ok(tensor.to_vec()),
                _ => Err(ModelProblem::NotRun(
                    "an output of another shape or type".to_owned(),
                )),
            }
        };
        Ok(Maps {
            descriptors: next(DESCRIPTORS)?,
            reliabilities: next(RELIABILITIES)?,
        })
    }
}

fn one_line(error: &dyn std::fmt::Display) -> String {
    error
        .to_string()
        .split_whitespace()
        .collect::<Vec<&str>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rten::ThreadPool;

    use super::*;

    /// Within what other orders of summation give.
    fn close(found: f64, known: f64) -> bool {
        (found - known).abs() < 5e-5
    }

    #[test]
    fn the_network_gives_what_its_authors_code_gives() {
        let grey = |i: usize| {
            let (x, y) = ((i % PICTURE_WIDTH) as f64, (i / PICTURE_WIDTH) as f64);
            128.0 + 60.0 * (x / 7.0).sin() + 50.0 * (y / 11.0).cos() + 10.0 * ((x + 2.0 * y) / 5.0).sin()
        };
        let picture: Vec<f64> = (0..PICTURE_LEN).map(grey).collect();
        let moments = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
            (mean, variance)
        };
        let (mean, variance) = moments(&picture);
        let gain = 1.0 / (variance + 1e-5).sqrt();
        let input: Vec<f32> = picture.iter().map(|v| ((v - mean) * gain) as f32).collect();
        let model = LearnedModel::built_in().unwrap();
        let of_threads = [1, 3].map(|threads| {
            let pool = Arc::new(ThreadPool::with_num_threads(threads));
            model
                .run(input.clone(), &RunOptions::default().with_thread_pool(Some(pool)))
                .unwrap()
        });
        assert!(of_threads[0].descriptors == of_threads[1].descriptors);
        let values: Vec<f64> = of_threads[0].descriptors.iter().map(|&v| f64::from(v)).collect();
        let (mean, variance) = moments(&values);
        assert!(
            close(mean, 0.030411) && close(variance.sqrt(), 1.907772),
            "{mean} {variance}"
        );
        for (channel, known) in [2.357586, 0.422161, -0.044988, -2.689938].into_iter().enumerate() {
            assert!(
                close(values[(channel * MAP_ROWS + 10) * MAP_COLS + 20], known),
                "{channel}"
            );
        }
        let reliabilities = &of_threads[0].reliabilities;
        assert!(close(f64::from(reliabilities[10 * MAP_COLS + 20]), 0.169647));
        let mean = reliabilities.iter().map(|&v| f64::from(v)).sum::<f64>() / reliabilities.len() as f64;
        assert!(close(mean, 0.207387), "{mean}");
    }

    #[test]
    fn what_is_no_model_of_this_interface_is_refused() {
        let of = |bytes: &[u8]| {
            LearnedModel::of_bytes(bytes.to_vec())
                .err()
                .map(|e| e.to_string())
        };
        for bytes in [&b""[..], b"ISO weights", &BUILT_IN[..1000]] {
            let said = of(bytes).unwrap();
            assert!(
                said.starts_with("not an ONNX model") || said.starts_with("the model has no"),
                "{said}"
            );
        }
        // The second output under another name: that of the last node, and that of the output itself.
        let mut renamed = BUILT_IN.to_vec();
        for name in [b"\x12\x01r", b"\x0a\x01r"] {
            let at = renamed.windows(3).rposition(|w| w == name).unwrap();
            renamed[at + 2] = b's';
        }
        assert_eq!(
            of(&renamed).unwrap(),
            "the model has no output `r` of shape [1, 1, 20, 40]"
        );
    }
}
