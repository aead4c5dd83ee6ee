//! The readings of a device's sensors, a panel for each unit.

use crate::{
    data::Sensor,
    draw::{
        frame::Frame,
        labels::{self, Label},
        palette,
        scale::Scale,
        scene::{Mark, SMALL, Scene, WIDTH},
    },
};

/// Height of a panel, pixels.
pub(super) const PANEL: f64 = 130.0;
/// Points of a series at most.
const POINTS: usize = 600;
/// Sensors with one unit that are drawn at most.
const SENSORS: usize = 8;

/// Units, the most informative first; others come after them. A battery's voltage and
/// level change too little to be worth a panel beside its current.
const ORDER: [&str; 8] = ["C", "MHz", "mA", "B", "CPU", "1", "%", "V"];
/// Panels at most.
const PANELS: usize = 5;

/// Units of the sensors, each once: a panel for each. Codes are not quantities.
pub(super) fn units(sensors: &[&Sensor]) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for sensor in sensors {
        if sensor.unit != "code" && !units.contains(&sensor.unit) {
            units.push(sensor.unit.clone());
        }
    }
    units.sort_by_key(|unit| ORDER.iter().position(|known| known == unit).unwrap_or(ORDER.len()));
    units.truncate(PANELS);
    units
}

/// The sensors of a panel. A clock's mean says more than its momentary readings;
/// of many temperatures the highest count.
fn shown<'a>(sensors: &[&'a Sensor], unit: &str) -> Vec<&'a Sensor> {
    let has_mean = |sensor: &Sensor| {
        let cluster = sensor.name.strip_suffix("-frequency");
        let mean = cluster.map(|cluster| format!("{cluster}-residency"));
        mean.is_some_and(|mean| sensors.iter().any(|other| other.name == mean))
    };
    let mut own: Vec<&Sensor> =
        sensors.iter().copied().filter(|sensor| sensor.unit == unit && !has_mean(sensor)).collect();
    if unit == "C" && own.len() > SENSORS {
        let highest =
            |sensor: &Sensor| sensor.readings.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
        own.sort_by(|a, b| highest(b).total_cmp(&highest(a)));
    }
    own.truncate(SENSORS);
    own
}

/// Draws the panel of one unit.
pub(super) fn draw(
    scene: &mut Scene,
    top: f64,
    x: Scale,
    sensors: &[&Sensor],
    unit: &str,
    minutes: &dyn Fn(f64) -> f64,
) -> Frame {
    let (factor, name) = match unit {
        "B" => (1.0 / f64::from(1 << 20), "MiB"),
        "Hz" => (1e-6, "MHz"),
        "1" => (1.0, "without unit (load average…)"),
        "CPU" => (1.0, "busy CPUs"),
        other => (1.0, other),
    };
    let own = shown(sensors, unit);
    let values: Vec<f64> =
        own.iter().flat_map(|sensor| &sensor.readings).map(|(_, value)| value * factor).collect();
    let y = if matches!(unit, "B" | "1" | "CPU" | "Hz" | "MHz" | "kHz") {
        Scale::from_zero(values.iter().copied())
    } else {
        Scale::between(&values)
    };
    let frame = Frame { left: 62.0, top, width: WIDTH - 62.0 - 190.0, height: PANEL, x, y };
    frame.draw_y(scene, name, SMALL);
    frame.draw_base(scene);
    let mut ends = Vec::new();
    for (index, sensor) in own.iter().enumerate() {
        let style = palette::style(index);
        let step = sensor.readings.len().div_ceil(POINTS).max(1);
        let points: Vec<(f64, f64)> = sensor
            .readings
            .iter()
            .step_by(step)
            .map(|(at, value)| (frame.px(minutes(*at)), frame.py(value * factor)))
            .collect();
        if let Some(&(x, y)) = points.last() {
            ends.push(Label { x, y, text: sensor.name.clone(), style });
        }
        scene.push(Mark::Line { points, ink: style.ink, width: 1.3, dashed: style.second });
    }
    labels::draw(scene, ends, frame.right() + 24.0, 140.0, (frame.top, frame.bottom()));
    frame
}
