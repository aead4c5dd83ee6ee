//! `telemetry.csv`: readings of sensors over time.

use super::blocks;
use crate::data::Sensor;
use slm_plan::error::Result;
use slm_results::schema::{Layout, Row, TelemetryRow};
use std::path::Path;

/// Bytes of the table that are read at most.
const BUDGET: usize = 16 << 20;
/// Readings kept of each sensor at most: more than a plot has pixels.
const READINGS: usize = 1_600;
/// Sensors of a device at most; a phone has up to a hundred, most of them thermal zones.
const SENSORS: usize = 160;
/// Devices at most.
const DEVICES: usize = 16;

/// Reads the table, or a sample of it; notes in `remarks` when it is a sample.
pub(super) fn read(folder: &Path, remarks: &mut Vec<String>) -> Result<Vec<Sensor>> {
    let table = blocks::read(&folder.join(TelemetryRow::TABLE.file_name()), BUDGET)?;
    let layout: Layout<TelemetryRow> = table.layout();
    if !layout.is_whole() {
        return Ok(Vec::new());
    }
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
            // A damaged row is one reading less.
            let Ok(row) = layout.row(&record) else { continue };
            let reading = (row.time.unix_s(), row.value);
            let is_same = |known: &Sensor| known.name == row.sensor && known.device == row.device;
            match sensors.iter().position(is_same) {
                Some(known) => sensors[known].readings.push(reading),
                None if has_room(&sensors, &row.device) => sensors.push(Sensor {
                    device: row.device,
                    name: row.sensor,
                    unit: row.unit,
                    readings: vec![reading],
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
