//! Makes one model file: `make_model NAME|shape:arch=… TYPES FILE`.
//!
//! For developing the writer; users have `bench`, which keeps such files.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use slm_models::{Catalogue, MakeOptions, Shape, make};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, types, file] = arguments.as_slice() else {
        return Err("usage: make_model NAME|shape:arch=… TYPES FILE".into());
    };
    let shape = match model.strip_prefix("shape:") {
        Some(text) => Shape::parse_free(text)?,
        None => Catalogue::builtin().find(model)?.shape.clone(),
    };
    let options = MakeOptions { types: types.parse()?, seed: 1 };
    let start = Instant::now();
    let made = make(&shape, &options, Path::new(file), &mut |_, _| {})?;
    let seconds = start.elapsed().as_secs_f64();
    let rate = made.bytes as f64 / seconds / 1e6;
    writeln!(std::io::stdout(), "{made:?} in {seconds:.2} s, {rate:.0} MB/s")?;
    Ok(())
}
