//! A phone whose services answer from files.

mod cases;
mod settings;
mod state;

use super::*;
use crate::{
    LinkError,
    profile::{Identity, PhoneDescription, Profiles, identify},
    testing::TestPhone,
};
use proptest::prelude::*;
use slm_plan::error::Error;
use slm_results::{
    condition::{Preparation, Severity},
    schema::ThermalStatus,
};
use std::{
    fs,
    time::{Duration, Instant},
};

/// The lines of a Samsung: AOSP's first, then the maker's own.
const BATTERY: &str = "Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 500000
  status: 2
  health: 2
  present: true
  level: 84
  scale: 100
  voltage: 4063
  temperature: 326
  technology: Li-ion
  batteryMiscEvent: 0
  level: 1
  current now: 321
";

const THERMAL: &str = "IsStatusOverride: false
Thermal Status: 1
Cached temperatures:
\tTemperature{mValue=99.0, mType=3, mName=SKIN, mStatus=0}
HAL Ready: true
Current temperatures from HAL:
\tTemperature{mValue=0.0, mType=2, mName=SUBBAT, mStatus=0}
\tTemperature{mValue=44.8, mType=0, mName=AP, mStatus=0}
\tTemperature{mValue=38.0, mType=0, mName=MID, mStatus=0}
\tTemperature{mValue=-1937.0, mType=-1, mName=USB-MINUS-CHARGING, mStatus=0}
\tTemperature{mValue=38.1, mType=3, mName=SKIN, mStatus=1}
Current cooling devices from HAL:
\tCoolingDevice{mValue=0, mType=2, mName=thermal-cpufreq-0}
";

/// A phone whose services answer from files, and whose settings are files.
fn phone() -> TestPhone {
    let phone = TestPhone::new();
    phone.write("battery", BATTERY).write("thermalservice", THERMAL);
    phone.write("power", "POWER MANAGER (dumpsys power)\n  mWakefulness=Awake\n  mStayOn=false\n");
    phone.program(
        "dumpsys",
        "case $1 in deviceidle) case $3 in deep) echo ACTIVE;; light) echo IDLE_MAINTENANCE;; screen) echo true;; esac;; \
         *) cat \"$HERE/$1\";; esac",
    );
    phone.write("global/low_power", "0\n").write("global/airplane_mode_on", "0\n");
    phone.program(
        "settings",
        "f=\"$HERE/global/$3\"; case $1 in get) cat \"$f\" 2>/dev/null || echo null;; put) echo \"$4\" >\"$f\";; \
         delete) rm -f \"$f\"; echo Deleted 1 rows;; esac",
    );
    phone.program(
        "cmd",
        "echo \"$*\" >>\"$HERE/calls\"; [ ! -e \"$HERE/fail-$1\" ] || { echo \"Failed to set it\" >&2; exit 255; }
         case \"$1 $2 $3\" in 'connectivity airplane-mode enable') echo 1 >\"$HERE/global/airplane_mode_on\";;
         'connectivity airplane-mode disable') echo 0 >\"$HERE/global/airplane_mode_on\";;
         'power set-fixed-performance-mode-enabled true') echo on >\"$HERE/fixed\";;
         'power set-fixed-performance-mode-enabled false') rm -f \"$HERE/fixed\";; *) exit 1;; esac",
    );
    phone.program(
        "svc",
        "[ \"$*\" = 'power stayon true' ] && echo 15 >\"$HERE/global/stay_on_while_plugged_in\"",
    );
    phone
}

fn root(phone: &TestPhone) -> String {
    phone.path("it's $(touch x); root").display().to_string()
}

fn state(phone: &TestPhone) -> PhoneState {
    PhoneState::read(phone, &root(phone)).unwrap()
}
