//! SIGINT and SIGTERM.

use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
};

/// Listens for signals. A second one ends the process at once.
///
/// # Errors
/// [`Error::Internal`] when no handler can be set.
pub(crate) fn listen() -> Result<Interrupt> {
    let interrupt = Interrupt::default();
    let raised = interrupt.clone();
    let set = ctrlc::set_handler(move || {
        if raised.raise() {
            // The first signal is being obeyed too slowly for the user. All
            // files are whole after every trial, so this loses nothing.
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).ok();
        }
    });
    set.map_err(|error| Error::Internal(format!("no handler for SIGINT: {error}")))?;
    Ok(interrupt)
}
