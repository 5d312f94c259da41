//! The parameters of a burn module as plain values, in the order in which the module visits them.

use anyhow::{Result, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};

/// The values of each parameter tensor, row by row.
pub type Parameters = Vec<Vec<f32>>;

/// The values of the module's parameters.
///
/// # Errors
///
/// A tensor can't be read back.
pub fn read<M: Module>(module: &M) -> Result<Parameters> {
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
pub fn write<M: Module>(module: M, values: &Parameters, device: &Device) -> Result<M> {
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
        let values = read(&small(5))?;
        assert_eq!(read(&small(5))?, values);
        assert_ne!(read(&small(6))?, values);
        assert!(values[0].len() == 36 && values[0].iter().all(|value| value.abs() <= 1.0 / 3.0));
        assert_eq!(read(&write(small(6), &values, &device)?)?, values);
        assert!(write(small(5), &values[..3].to_vec(), &device).is_err());
        Ok(())
    }
}
