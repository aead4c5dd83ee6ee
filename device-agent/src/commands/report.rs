//! The lines that `quantize` and `check` print.

use slm_protocol::{QuantizeEvent, QuantizeLine};
use std::io::{self, Write};

/// Prints one line on stdout. A host that has gone away ends this process by itself.
pub(super) fn emit(event: QuantizeEvent) {
    if let Ok(line) = serde_json::to_string(&QuantizeLine::new(event)) {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    }
}
