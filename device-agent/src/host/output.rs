//! Where events go: stdout, and a journal for runs that outlive their host.

use super::journal::Journal;
use crate::measure::clock;
use slm_protocol::{Event, EventWriter};
use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How often the last events are tried again while the disk is full.
const RETRY: Duration = Duration::from_millis(100);

/// Writes events from several threads, as whole lines in one sequence. A run is worth
/// nothing without its events, so every error here ends it.
#[derive(Clone)]
pub(crate) struct Output {
    state: Arc<Mutex<State>>,
}

struct State {
    events: EventWriter<Tee>,
    /// The last event is written, and nothing may follow it.
    closed: bool,
    /// Why an event could not be written. Half of it may have been, so nothing is
    /// written after it.
    broken: Option<(io::ErrorKind, String)>,
}

impl Output {
    /// Opens the journal, if one is asked for, before anything is measured. Events are kept
    /// for `patience` while its disk is full.
    pub(crate) fn open(journal: Option<&Path>, patience: Duration) -> io::Result<Self> {
        let journal = journal.map(|path| Journal::open(path, patience)).transpose()?;
        let events = EventWriter::new(Tee { journal, stdout: io::stdout() });
        Ok(Self { state: Arc::new(Mutex::new(State { events, closed: false, broken: None })) })
    }

    /// Writes one event, stamped now. After the last one it does nothing.
    pub(crate) fn emit(&self, event: Event) -> io::Result<()> {
        self.lock().emit(event)
    }

    /// Writes the last event, and all that was kept while the disk was full.
    pub(crate) fn emit_last(&self, event: Event) -> io::Result<()> {
        {
            let mut state = self.lock();
            let result = state.emit(event);
            state.closed = true;
            result?;
        }
        self.settle()
    }

    /// Waits until everything is written. To be called before the process ends.
    pub(crate) fn settle(&self) -> io::Result<()> {
        while !self.lock().is_settled()? {
            thread::sleep(RETRY);
        }
        Ok(())
    }

    /// Whether the last event is written.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// After a panic of another thread the state is still usable: either its line was
    /// written, or the writer's sequence number shows that it is missing.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tries to write what was kept; whether nothing is left.
    fn is_settled(&mut self) -> io::Result<bool> {
        if self.broken.is_some() {
            return Ok(true);
        }
        let Some(journal) = &mut self.events.get_mut().journal else { return Ok(true) };
        journal.drain()?;
        Ok(journal.is_written())
    }

    fn emit(&mut self, event: Event) -> io::Result<()> {
        if let Some((kind, message)) = &self.broken {
            return Err(io::Error::new(*kind, message.clone()));
        }
        if self.closed {
            return Ok(());
        }
        // Stamped under the lock, so that times never run backwards in the journal.
        self.events.write(clock::now_ns(), event).inspect_err(|error| {
            self.broken = Some((error.kind(), error.to_string()));
        })
    }
}

/// The journal first: it is what a host reads after the link was lost.
struct Tee {
    journal: Option<Journal>,
    stdout: io::Stdout,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(journal) = &mut self.journal {
            journal.write(bytes)?;
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
