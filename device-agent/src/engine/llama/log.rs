//! The engine's own words: caught line by line, bounded, without its debug flood.
#![allow(unsafe_code)] // a C callback

use llama_cpp_sys_2 as sys;
use std::{
    collections::VecDeque,
    ffi::{CStr, c_char, c_void},
    io::Write,
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

/// Lines kept; older ones go first.
const MAX_LINES: usize = 512;
/// Longest line kept; metadata of a file can be longer than any message.
const MAX_LINE_BYTES: usize = 400;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Whether the engine called it an error.
    pub(super) error: bool,
    pub(super) text: String,
}

static LOG: Mutex<Log> = Mutex::new(Log::new());
static INSTALL: Once = Once::new();

/// Routes the engine's log here, and its last words before an abort to stderr.
pub(super) fn install() {
    INSTALL.call_once(|| {
        // SAFETY: the callbacks are functions of this program, and ask for no user data.
        unsafe {
            sys::llama_log_set(Some(on_line), std::ptr::null_mut());
            sys::ggml_set_abort_callback(Some(on_abort));
        }
    });
}

/// Routes the engine's log here again, after another callback had it.
pub(super) fn restore() {
    // SAFETY: as in `install`.
    unsafe { sys::llama_log_set(Some(on_line), std::ptr::null_mut()) };
}

/// Keeps a piece of the log that another callback got.
pub(super) fn keep(level: sys::ggml_log_level, text: &CStr) {
    log().push(level, text);
}

/// The lines so far.
pub(super) fn lines() -> Vec<Line> {
    log().lines.iter().cloned().collect()
}

/// Forgets the lines so far.
pub(super) fn clear() {
    log().lines.clear();
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

unsafe extern "C" fn on_line(level: sys::ggml_log_level, text: *const c_char, _data: *mut c_void) {
    if !text.is_null() {
        // SAFETY: the engine hands over a NUL-terminated string that outlives this call.
        log().push(level, unsafe { CStr::from_ptr(text) });
    }
}

unsafe extern "C" fn on_abort(message: *const c_char) {
    if !message.is_null() {
        // SAFETY: the engine hands over a NUL-terminated string that outlives this call.
        let message = unsafe { CStr::from_ptr(message) }.to_string_lossy().replace('\n', " ");
        let _ = writeln!(std::io::stderr(), "slm-agent: the engine aborts: {message}");
    }
}

struct Log {
    lines: VecDeque<Line>,
    /// A line without its end yet, and whether it is to be kept.
    pending: String,
    level: sys::ggml_log_level,
}

impl Log {
    const fn new() -> Self {
        Self { lines: VecDeque::new(), pending: String::new(), level: sys::GGML_LOG_LEVEL_NONE }
    }

    fn push(&mut self, level: sys::ggml_log_level, text: &CStr) {
        if level != sys::GGML_LOG_LEVEL_CONT {
            self.end_line();
            self.level = level;
        }
        if self.level == sys::GGML_LOG_LEVEL_DEBUG {
            return;
        }
        for part in text.to_string_lossy().split_inclusive('\n') {
            let room = MAX_LINE_BYTES.saturating_sub(self.pending.len());
            let kept = part.trim_end_matches('\n');
            self.pending.push_str(&kept[..kept.floor_char_boundary(room)]);
            if part.ends_with('\n') {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if text.trim().is_empty() {
            return;
        }
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { error: self.level == sys::GGML_LOG_LEVEL_ERROR, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &Log) -> Vec<&str> {
        log.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn continued_lines_are_joined_and_debug_is_dropped_with_its_continuation() {
        let mut log = Log::new();
        log.push(sys::GGML_LOG_LEVEL_INFO, c"loading ");
        log.push(sys::GGML_LOG_LEVEL_CONT, c"...");
        log.push(sys::GGML_LOG_LEVEL_CONT, c"done\n");
        log.push(sys::GGML_LOG_LEVEL_DEBUG, c"noise ");
        log.push(sys::GGML_LOG_LEVEL_CONT, c"more noise\n");
        log.push(sys::GGML_LOG_LEVEL_ERROR, c"one\ntwo");
        log.push(sys::GGML_LOG_LEVEL_INFO, c"three\n");
        assert_eq!(texts(&log), ["loading ...done", "one", "two", "three"]);
        assert!(log.lines[1].error && log.lines[2].error && !log.lines[3].error);
    }

    #[test]
    fn it_is_bounded_in_both_directions() {
        let mut log = Log::new();
        let line = std::ffi::CString::new(format!("{}\n", "é".repeat(10_000))).unwrap();
        for _ in 0..MAX_LINES * 2 {
            log.push(sys::GGML_LOG_LEVEL_INFO, &line);
        }
        assert_eq!(log.lines.len(), MAX_LINES);
        assert!(log.lines.iter().all(|line| line.text.len() <= MAX_LINE_BYTES));
    }
}
