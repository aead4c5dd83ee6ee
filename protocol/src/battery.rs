//! What readings of a battery mean, for agent and host, whether the kernel or a service gives them.
//!
//! The kernel's power supply class says microvolts and tenths of a degree
//! (`Documentation/ABI/testing/sysfs-class-power`), Android's battery service millivolts and
//! tenths of a degree. Makers give other units too, so the unit is judged by the size.

/// V, from microvolts, millivolts or volts. Batteries of phones and boards have 1 to 30 V; a
/// whole number of volts is too coarse to compute with, and counts as none.
pub fn volts(raw: f64) -> Option<f64> {
    let volts = match raw {
        _ if raw >= 1e6 => raw / 1e6,
        _ if raw >= 1e3 => raw / 1e3,
        _ if raw.fract() == 0.0 => return None,
        _ => raw,
    };
    (1.0..=30.0).contains(&volts).then_some(volts)
}

/// °C, from tenths or thousandths. 0 is what boards without a sensor say; a phone is
/// off beyond -40 and 90 °C.
pub fn celsius(raw: f64) -> Option<f64> {
    let degrees = if raw.abs() < 1500.0 { raw / 10.0 } else { raw / 1000.0 };
    (raw != 0.0 && (-40.0..=90.0).contains(&degrees)).then_some(degrees)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_are_told_apart_by_size() {
        for (raw, expected) in [
            (3_912_000.0, Some(3.912)),
            (3912.0, Some(3.912)),
            (3.912, Some(3.912)),
            (12_600_000.0, Some(12.6)),
            (4.0, None),
            (0.0, None),
            (-1.5, None),
            (40_000.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(volts(raw), expected, "{raw}");
        }
        for (raw, expected) in [
            (315.0, Some(31.5)),
            (31_500.0, Some(31.5)),
            (-55.0, Some(-5.5)),
            (0.0, None),
            (1200.0, None),
            (99_999.0, None),
            (-1937.0, Some(-1.937)),
            (f64::NAN, None),
        ] {
            assert_eq!(celsius(raw), expected, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn every_reading_is_a_possible_one(raw in any::<f64>()) {
            prop_assert!(volts(raw).is_none_or(|volts| (1.0..=30.0).contains(&volts)));
            prop_assert!(celsius(raw).is_none_or(|degrees| (-40.0..=90.0).contains(&degrees)));
        }
    }
}
