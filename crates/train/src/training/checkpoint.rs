//! Checkpoints: everything that the rest of a run depends on, saved after every epoch; and the parameters of a burn
//! module as plain values, in the order in which the module visits them.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::{ModuleOptimizer, OptimizerRecord};
use burn::tensor::{Bytes, Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

/// The state of a run between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The recipe and the number of examples as JSON: another run must not continue from it.
    pub run: String,
    /// The losses of the epochs so far.
    pub epochs: Vec<Epoch>,
    /// The parameters after the last of them.
    pub now: Parameters,
    /// The parameters after the best of them.
    pub best: Parameters,
    /// The optimizers' moments, in burn's own format.
    pub optimizers: Vec<Vec<u8>>,
}

/// The losses of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean loss over the training examples.
    pub training_loss: f64,
    /// Mean loss over the validation examples, after the epoch.
    pub validation_loss: f64,
}

const HEADER: &str = "beatfield checkpoint 1";

impl Checkpoint {
    /// The bytes of the checkpoint's file.
    ///
    /// # Errors
    ///
    /// None in practice; the type is that of the safetensors writer.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let bytes =
            |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
        let mut parts: Vec<(String, Dtype, Vec<u8>)> = Vec::new();
        for (kind, parameters) in [("now", &self.now), ("best", &self.best)] {
            for (number, values) in parameters.iter().enumerate() {
                parts.push((format!("{kind}.{number}"), Dtype::F32, bytes(values)));
            }
        }
        for (number, record) in self.optimizers.iter().enumerate() {
            parts.push((format!("optimizer.{number}"), Dtype::U8, record.clone()));
        }
        let views = parts
            .iter()
            .map(|(name, kind, bytes)| {
                let size = if *kind == Dtype::F32 { 4 } else { 1 };
                Ok((name, TensorView::new(*kind, vec![bytes.len() / size], bytes)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let about = HashMap::from([
            ("format".to_owned(), HEADER.to_owned()),
            ("run".to_owned(), self.run.clone()),
            ("epochs".to_owned(), serde_json::to_string(&self.epochs)?),
        ]);
        Ok(serialize(views, Some(about))?)
    }

    /// The checkpoint in the bytes of a file.
    ///
    /// # Errors
    ///
    /// The bytes are no whole checkpoint.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let damaged = || "no checkpoint of a training run; train again without --resume";
        let (_, header) = SafeTensors::read_metadata(file).with_context(damaged)?;
        let about = header.metadata().as_ref().with_context(damaged)?;
        ensure!(about.get("format").map(String::as_str) == Some(HEADER), damaged());
        let tensors = SafeTensors::deserialize(file).with_context(damaged)?;
        let numbered = |kind: &str| -> Vec<&[u8]> {
            let find = |number: usize| tensors.tensor(&format!("{kind}.{number}")).ok();
            (0..).map_while(find).map(|tensor| tensor.data()).collect()
        };
        let values = |kind: &str| -> Parameters {
            numbered(kind)
                .into_iter()
                .map(|bytes| bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
                .collect()
        };
        Ok(Self {
            run: about.get("run").cloned().with_context(damaged)?,
            epochs: serde_json::from_str(about.get("epochs").with_context(damaged)?).with_context(damaged)?,
            now: values("now"),
            best: values("best"),
            optimizers: numbered("optimizer").into_iter().map(<[u8]>::to_vec).collect(),
        })
    }
}

/// The moments of an optimizer as bytes.
pub(crate) fn optimizer_state(optimizer: &ModuleOptimizer) -> Result<Vec<u8>> {
    match optimizer.to_record().into_bytes() {
        Ok(bytes) => Ok(bytes.to_vec()),
        Err(error) => bail!("the optimizer's state can't be written: {error:?}"),
    }
}

/// The optimizer with the moments from [`optimizer_state`].
pub(crate) fn with_optimizer_state(optimizer: ModuleOptimizer, bytes: &[u8]) -> Result<ModuleOptimizer> {
    match OptimizerRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec())) {
        Ok(record) => Ok(optimizer.load_record(record)),
        Err(error) => bail!("the optimizer's state can't be read back: {error:?}"),
    }
}

/// The values of each parameter tensor, row by row.
pub type Parameters = Vec<Vec<f32>>;

/// The values of the module's parameters.
///
/// # Errors
///
/// A tensor can't be read back.
pub fn read_parameters<M: Module>(module: &M) -> Result<Parameters> {
    struct Reader(Vec<Result<Vec<f32>>>);
    impl ModuleVisitor for Reader {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().try_to_vec_as::<f32>().map_err(anyhow::Error::from));
        }
    }
    let mut reader = Reader(Vec::new());
    module.visit(&mut reader);
    reader.0.into_iter().collect()
}

/// The module with these values. Its parameters get the ids 0, 1, ..., so that an optimizer's record finds them in
/// another process. On a device with autodiff the tensors are new leaves.
///
/// # Errors
///
/// The values are not of the module's number and sizes.
pub fn write_parameters<M: Module>(module: M, values: &Parameters, device: &Device) -> Result<M> {
    struct Writer<'a> {
        values: &'a Parameters,
        next: usize,
        wrong: Option<String>,
        device: &'a Device,
    }
    impl ModuleMapper for Writer<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let shape = param.val().shape();
            let number = self.next;
            self.next += 1;
            match self.values.get(number) {
                Some(values) if values.len() == shape.num_elements() => {
                    let data = TensorData::new(values.clone(), shape);
                    let tensor = Tensor::from_data(data, self.device);
                    let trained = self.device.is_autodiff();
                    let tensor = if trained { tensor.require_grad() } else { tensor };
                    Param::initialized(ParamId::from(number as u64), tensor)
                }
                other => {
                    let found = other.map_or(0, Vec::len);
                    let wrong = format!("parameter {number} has {found} values, expected {shape:?}");
                    self.wrong.get_or_insert(wrong);
                    param
                }
            }
        }
    }
    let mut writer = Writer { values, next: 0, wrong: None, device };
    let module = module.map(&mut writer);
    ensure!(writer.wrong.is_none(), "{}", writer.wrong.unwrap_or_default());
    ensure!(writer.next == values.len(), "{} parameters for {} of the module", values.len(), writer.next);
    Ok(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::mlp::Mlp;

    #[test]
    fn a_seed_decides_the_weights_and_they_survive_a_round_trip() -> Result<()> {
        let device = nets::device().autodiff();
        let small = |seed| Mlp::initial(&[9, 4, 1], seed, 0, &device);
        let values = read_parameters(&small(5))?;
        assert_eq!(read_parameters(&small(5))?, values);
        assert_ne!(read_parameters(&small(6))?, values);
        assert!(values[0].len() == 36 && values[0].iter().all(|value| value.abs() <= 1.0 / 3.0));
        assert_eq!(read_parameters(&write_parameters(small(6), &values, &device)?)?, values);
        assert!(write_parameters(small(5), &values[..3].to_vec(), &device).is_err());
        Ok(())
    }
}
