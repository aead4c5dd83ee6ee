//! What a phone says of itself.

use super::deliver::QUICK;
use crate::device::{LinkError, Shell};

/// Properties that name a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Model, such as `SM-S921B`.
    pub model: Option<String>,
    /// Maker and model of the SoC.
    pub soc: Option<String>,
}

impl About {
    /// Asks a phone.
    ///
    /// # Errors
    /// [`LinkError`]
    pub fn read(shell: &dyn Shell) -> Result<Self, LinkError> {
        let script =
            "for p in ro.product.model ro.soc.manufacturer ro.soc.model; do getprop $p || echo; done";
        let printed = shell.run(script, QUICK)?.text();
        let mut values =
            printed.lines().map(|line| Some(line.trim().to_owned()).filter(|line| !line.is_empty()));
        let mut next = || values.next().flatten();
        let (model, maker, soc) = (next(), next(), next());
        let soc = soc.map(|soc| maker.map(|maker| format!("{maker} {soc}")).unwrap_or(soc));
        Ok(Self { model, soc })
    }
}
