//! `telemetry.csv`: readings of sensors over time.

use super::{blocks, model::Sensor};
use crate::error::Result;
use std::{path::Path, time::UNIX_EPOCH};

/// Bytes of the table that are read at most.
const BUDGET: usize = 16 << 20;
/// Readings kept of each sensor at most: more than a plot has pixels.
const READINGS: usize = 1_600;
/// Sensors at most; a phone has some dozens.
const SENSORS: usize = 40;

/// Reads the table, or a sample of it; notes in `remarks` when it is a sample.
pub(super) fn read(folder: &Path, remarks: &mut Vec<String>) -> Result<Vec<Sensor>> {
    let table = blocks::read(&folder.join("telemetry.csv"), BUDGET)?;
    let columns = ["time", "sensor", "value", "unit"].map(|name| table.column(name));
    let [Some(time), Some(sensor), Some(value), Some(unit)] = columns else { return Ok(Vec::new()) };
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
            match sensors.iter().position(|known| known.name == text(sensor)) {
                Some(known) => sensors[known].readings.push((at, reading)),
                None if sensors.len() < SENSORS => sensors.push(Sensor {
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
