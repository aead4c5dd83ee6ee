//! Sensors that the kernel offers without rights: temperatures, clocks, battery, load,
//! memory; and facts about the machine.

mod all;
mod android;
pub(crate) mod available;
mod battery;
mod cpufreq;
mod file;
pub(crate) mod machine;
#[cfg(test)]
mod phone_cases;
mod readings;
pub(crate) mod root;
mod sampler;
mod thermal;

pub(crate) use sampler::Sampler;
pub(crate) use thermal::Thermometer;
