//! `telemetry.csv`: readings of sensors over time.

use super::blocks;
use crate::data::Sensor;
use slm_plan::error::Result;
use std::{path::Path, time::UNIX_EPOCH};

/// Bytes of the table that are read at most.
const BUDGET: usize = 16 << 20;
/// Readings kept of each sensor at most: more than a plot has pixels.
const READINGS: usize = 1_600;
/// Sensors of a device at most; a phone has up to a hundred, most of them thermal zones.
const SENSORS: usize = 160;
/// Devices at most.
const DEVICES: usize = 16;

/// Reads the table, or a sample of it; notes in `remarks` when it is a sample.
/// Tables of format 1.0 do not name the device: it was the `only` one.
pub(super) fn read(folder: &Path, only: &str, remarks: &mut Vec<String>) -> Result<Vec<Sensor>> {
    let table = blocks::read(&folder.join("telemetry.csv"), BUDGET)?;
    let columns = ["time", "sensor", "value", "unit"].map(|name| table.column(name));
    let [Some(time), Some(sensor), Some(value), Some(unit)] = columns else { return Ok(Vec::new()) };
    let device = table.column("device");
    if table.share < 1.0 {
        remarks.push(format!(
            "telemetry.csv is long: {:.1} % of it, evenly spread, is shown",
            100.0 * table.share
        ));
    }
    let mut sensors: Vec<Sensor> = Vec::new();
    for block in &table.blocks {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(block.as_slice());
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).unwrap_or(false) {
            let text = |at: usize| record.get(at).unwrap_or_default();
            let Ok(at) = humantime::parse_rfc3339(text(time)) else { continue };
            let at = at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
            let Some(reading) = text(value).parse::<f64>().ok().filter(|value| value.is_finite()) else {
                continue;
            };
            let device = device.map_or(only, text);
            let is_same = |known: &Sensor| known.name == text(sensor) && known.device == device;
            match sensors.iter().position(is_same) {
                Some(known) => sensors[known].readings.push((at, reading)),
                None if has_room(&sensors, device) => sensors.push(Sensor {
                    device: device.to_owned(),
                    name: text(sensor).to_owned(),
                    unit: text(unit).to_owned(),
                    readings: vec![(at, reading)],
                }),
                None => {}
            }
        }
    }
    for sensor in &mut sensors {
        let stride = sensor.readings.len().div_ceil(READINGS).max(1);
        sensor.readings = sensor.readings.iter().copied().step_by(stride).collect();
    }
    Ok(sensors)
}

/// Whether one more sensor of a device is kept.
fn has_room(sensors: &[Sensor], device: &str) -> bool {
    sensors.len() < SENSORS * DEVICES
        && sensors.iter().filter(|known| known.device == device).count() < SENSORS
}
