//! What a reading of a thermal sensor means in degrees Celsius, for agent and host. Kernels and services have
//! an ABI for the unit, and phones that do not keep to it: one phone gives degrees, tenths
//! and thousandths side by side. So the unit is judged once, by what the sensor measures,
//! its neighbours, and what is possible.

/// What a sensor measures, as far as that limits its readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A battery or a phone's skin: a phone is off at 90 °C there.
    Outer,
    /// Anything else: a core stops at about 115 °C.
    Inner,
}

impl Part {
    /// Judged by the name of a kernel's zone or of a service's sensor.
    pub fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let is_outer = ["batt", "skin", "shell", "quiet"].iter().any(|word| name.contains(word));
        if is_outer { Self::Outer } else { Self::Inner }
    }

    /// Higher in a first reading, a number is in another unit than degrees.
    fn highest(self) -> f64 {
        match self {
            Self::Outer => 90.0,
            Self::Inner => 120.0,
        }
    }
}

/// A unit of readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// °C.
    Degrees,
    /// Tenths of a °C.
    Tenths,
    /// Thousandths of a °C, the kernel's own unit.
    Thousandths,
}

impl Unit {
    /// The unit that a first reading must be in; `None` where it is no temperature: 0 is
    /// what a sensor says that is switched off, and -40 one that is not connected.
    pub fn of(raw: f64, part: Part) -> Option<Self> {
        let highest = part.highest();
        // Below zero only degrees and thousandths are told apart; tenths were not met there.
        let unit = match raw.abs() {
            size if size <= highest => Self::Degrees,
            size if size <= 10.0 * highest => Self::Tenths,
            size if size <= 1000.0 * highest => Self::Thousandths,
            _ => return None,
        };
        unit.degrees(raw).map(|_| unit)
    }

    /// Degrees Celsius, where that is possible.
    pub fn degrees(self, raw: f64) -> Option<f64> {
        let degrees = match self {
            Self::Degrees => raw,
            Self::Tenths => raw / 10.0,
            Self::Thousandths => raw / 1000.0,
        };
        (raw != 0.0 && degrees > -30.0 && degrees <= 150.0).then_some(degrees)
    }
}

/// Further than this from its neighbours, °C, a sensor whose unit is in doubt is left out.
const NEAR: f64 = 25.0;

/// The unit of a first reading beside its neighbours' units and temperatures. Among tenths a
/// lone 45 may be 4.5 °C or 45 °C: what is nearer to the others, if it is near at all. Other
/// mixtures are clear: 36 thousandths are no temperature.
pub fn unit_beside(raw: f64, unit: Unit, others: &[(Unit, f64)]) -> Option<Unit> {
    let is_among = |unit: Unit| others.iter().any(|(other, _)| *other == unit);
    if unit != Unit::Degrees || is_among(Unit::Degrees) || !is_among(Unit::Tenths) {
        return Some(unit);
    }
    let mean = others.iter().map(|(_, degrees)| degrees).sum::<f64>() / others.len() as f64;
    let distance = |unit: &Unit| (unit.degrees(raw).unwrap_or(f64::INFINITY) - mean).abs();
    let nearest =
        [Unit::Degrees, Unit::Tenths].into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.filter(|unit| distance(unit) <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(raw: f64, part: Part) -> Option<f64> {
        Unit::of(raw, part)?.degrees(raw)
    }

    #[test]
    fn units_are_told_apart_by_what_is_possible() {
        for (raw, part, degrees) in [
            (41_500.0, Part::Inner, Some(41.5)),
            (309.0, Part::Inner, Some(30.9)),
            (37.0, Part::Inner, Some(37.0)),
            (110.0, Part::Inner, Some(110.0)),
            // A battery of 110 °C is none.
            (110.0, Part::Outer, Some(11.0)),
            (28_100.0, Part::Outer, Some(28.1)),
            (281.0, Part::Outer, Some(28.1)),
            (-5_000.0, Part::Inner, Some(-5.0)),
            (0.0, Part::Inner, None),
            (-40.0, Part::Inner, None),
            (-127_000.0, Part::Inner, None),
            (-273_150.0, Part::Inner, None),
            (2_147_483_647.0, Part::Inner, None),
        ] {
            assert_eq!(read(raw, part), degrees, "{raw} {part:?}");
        }
    }

    #[test]
    fn a_unit_is_kept() {
        let unit = Unit::of(309.0, Part::Inner).unwrap();
        assert_eq!(unit.degrees(95.0), Some(9.5));
        assert_eq!(unit.degrees(9_000.0), None);
    }

    #[test]
    fn neighbours_decide_what_may_be_either() {
        use Unit::{Degrees, Tenths, Thousandths};
        let warm = [(Tenths, 41.2), (Tenths, 39.8), (Thousandths, 36.0)];
        assert_eq!(unit_beside(45.0, Degrees, &warm), Some(Degrees));
        assert_eq!(unit_beside(95.0, Degrees, &[(Tenths, 12.5), (Tenths, 13.1)]), Some(Tenths));
        // 4.5 °C and 45 °C are both far from 100 °C.
        assert_eq!(unit_beside(45.0, Degrees, &[(Tenths, 100.0)]), None);
        for clear in [&[(Tenths, 41.2), (Degrees, 40.0)][..], &[(Thousandths, 90.0)], &[]] {
            assert_eq!(unit_beside(45.0, Degrees, clear), Some(Degrees));
        }
        assert_eq!(unit_beside(309.0, Tenths, &[(Degrees, 90.0)]), Some(Tenths));
    }

    proptest! {
        #[test]
        fn every_temperature_is_a_possible_one(raw in any::<f64>(), outer in any::<bool>()) {
            let part = if outer { Part::Outer } else { Part::Inner };
            prop_assert!(read(raw, part).is_none_or(|degrees| degrees > -30.0 && degrees <= 150.0 && degrees != 0.0));
        }

        #[test]
        fn usual_temperatures_survive_in_any_unit(degrees in 13u32..90) {
            let degrees = f64::from(degrees);
            for part in [Part::Outer, Part::Inner] {
                for unit in [1.0, 10.0, 1000.0] {
                    prop_assert_eq!(read(degrees * unit, part), Some(degrees));
                }
            }
        }
    }
}
