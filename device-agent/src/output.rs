//! Where events go: stdout, and a journal for runs that outlive their host.

use crate::clock;
use slm_protocol::{Event, EventWriter};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Writes events. Recording is the product: every error here ends the run.
pub(crate) struct Output {
    events: EventWriter<Tee>,
}

impl Output {
    /// Opens the journal, if one is asked for, before anything is measured.
    pub(crate) fn open(journal: Option<&Path>) -> io::Result<Self> {
        let journal = journal
            .map(|path| {
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
            })
            .transpose()?;
        Ok(Self { events: EventWriter::new(Tee { journal, stdout: io::stdout() }) })
    }

    /// Writes one event, stamped now.
    pub(crate) fn emit(&mut self, event: Event) -> io::Result<()> {
        self.events.write(clock::now_ns(), event)
    }
}

/// The journal first: it is what a host reads after the link was lost.
struct Tee {
    journal: Option<File>,
    stdout: io::Stdout,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(journal) = &mut self.journal {
            journal
                .write_all(bytes)
                .map_err(|error| io::Error::new(error.kind(), format!("the journal: {error}")))?;
        }
        self.stdout
            .write_all(bytes)
            .map_err(|error| io::Error::new(error.kind(), format!("stdout: {error}")))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}
