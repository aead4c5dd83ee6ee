//! Options of a sweep that are about phones,.

use clap::Args;
use slm_device::readiness::Setting;
use std::path::PathBuf;

/// Options of a sweep that are about phones.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Phones")]
#[expect(clippy::struct_excessive_bools, reason = "independent options")]
pub struct PhoneArgs {
    /// Hold clocks that the phone can keep up; put back afterwards
    #[arg(long)]
    fixed_performance: bool,
    /// Switch the phone's radios off; put back afterwards
    #[arg(long)]
    airplane_mode: bool,
    /// Keep the phone's screen on while it is plugged in; put back afterwards
    #[arg(long)]
    stay_awake: bool,
    /// Measure also a phone with a low battery, a hot one or a full one
    #[arg(long)]
    pub force: bool,
    /// File of phone profiles of your own, or a folder of them; may be repeated
    #[arg(long, value_name = "FILE")]
    pub profile: Vec<PathBuf>,
}

impl PhoneArgs {
    /// The settings to change.
    pub fn settings(&self) -> Vec<Setting> {
        let asked = [
            (self.fixed_performance, Setting::FixedPerformance),
            (self.airplane_mode, Setting::AirplaneMode),
            (self.stay_awake, Setting::StayAwake),
        ];
        asked.into_iter().filter(|(on, _)| *on).map(|(_, setting)| setting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Sweep {
        #[command(flatten)]
        phone: PhoneArgs,
    }

    #[test]
    fn only_what_is_asked_for_is_changed() {
        let settings = |args: &[&str]| {
            let args = ["bench"].into_iter().chain(args.iter().copied());
            Sweep::try_parse_from(args).unwrap().phone.settings()
        };
        assert_eq!(settings(&["--force"]), []);
        assert_eq!(
            settings(&["--stay-awake", "--airplane-mode"]),
            [Setting::AirplaneMode, Setting::StayAwake]
        );
        assert_eq!(settings(&["--fixed-performance"]), [Setting::FixedPerformance]);
    }
}
