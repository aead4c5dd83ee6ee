//! JSON lines in and out, with bounds on what is read.

use crate::{Envelope, Event, Job, VERSION, Version, VersionMismatch};
use serde::Deserialize;
use std::io::{self, BufRead, Read, Write};
use thiserror::Error;

/// Longest line that is read. A trial of 100,000 tokens takes 2 MiB.
pub const MAX_LINE_BYTES: u64 = 16 << 20;

/// Why a line or a job was not understood.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Not JSON, or not of the expected shape.
    #[error("not a valid message: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another major version.
    #[error(transparent)]
    Version(#[from] VersionMismatch),
    /// The stream ended within a line.
    #[error("the stream ended within a line ({bytes} bytes of it arrived)")]
    Torn {
        /// How much of the line arrived.
        bytes: usize,
    },
    /// Longer than [`MAX_LINE_BYTES`].
    #[error("a line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// A sequence number is missing or repeated.
    #[error("event {got} came where {expected} was expected")]
    OutOfSequence {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

#[derive(Deserialize)]
struct LineVersion {
    v: Version,
}

#[derive(Deserialize)]
struct JobVersion {
    protocol: Version,
}

/// One event as a line, newline included.
///
/// # Errors
/// When a number cannot be written as JSON; the types here hold none such.
pub fn encode_line(envelope: &Envelope) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(envelope)?;
    line.push('\n');
    Ok(line)
}

/// Reads one line (with or without its newline). The version is checked first,
/// so that a newer format gives [`DecodeError::Version`], not a missing field.
///
/// # Errors
/// [`DecodeError::Malformed`] or [`DecodeError::Version`].
pub fn decode_line(line: &str) -> Result<Envelope, DecodeError> {
    serde_json::from_str::<LineVersion>(line)?.v.check()?;
    Ok(serde_json::from_str(line)?)
}

/// Reads a job document, version first.
///
/// # Errors
/// [`DecodeError::Malformed`] or [`DecodeError::Version`].
pub fn decode_job(text: &str) -> Result<Job, DecodeError> {
    serde_json::from_str::<JobVersion>(text)?.protocol.check()?;
    Ok(serde_json::from_str(text)?)
}

/// Writes events as lines, numbered from 0, each flushed.
pub struct EventWriter<W> {
    out: W,
    seq: u64,
}

impl<W: Write> EventWriter<W> {
    /// Starts numbering at 0.
    pub fn new(out: W) -> Self {
        Self { out, seq: 0 }
    }

    /// Where events are written.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Writes one event with one `write` call and flushes it.
    ///
    /// # Errors
    /// When the reader is gone or the disk is full.
    pub fn write(&mut self, at_ns: u64, event: Event) -> io::Result<()> {
        let envelope = Envelope { v: VERSION, seq: self.seq, at_ns, event };
        self.out.write_all(encode_line(&envelope)?.as_bytes())?;
        self.out.flush()?;
        self.seq += 1;
        Ok(())
    }
}

/// Reads events line by line and checks their sequence.
pub struct EventReader<R> {
    input: R,
    next_seq: u64,
}

impl<R: BufRead> EventReader<R> {
    /// Expects the first event to be number 0.
    pub fn new(input: R) -> Self {
        Self { input, next_seq: 0 }
    }

    /// The next event, or `None` at a clean end.
    ///
    /// # Errors
    /// [`DecodeError`]; a torn last line is an error of its own, so that the
    /// caller can keep all that came before it.
    pub fn next_event(&mut self) -> Result<Option<Envelope>, DecodeError> {
        let mut line = Vec::new();
        let read = (&mut self.input).take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(if read as u64 > MAX_LINE_BYTES {
                DecodeError::TooLong
            } else {
                DecodeError::Torn { bytes: read }
            });
        }
        let text =
            std::str::from_utf8(&line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let envelope = decode_line(text)?;
        if envelope.seq != self.next_seq {
            return Err(DecodeError::OutOfSequence { expected: self.next_seq, got: envelope.seq });
        }
        self.next_seq += 1;
        Ok(Some(envelope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, Figure, FigureScope, StopReason, Timestamps, TrialReport};
    use proptest::prelude::*;

    fn report(trial_id: String, tokens_ns: Vec<u64>, text: String) -> Event {
        Event::TrialFinished(Box::new(TrialReport {
            n_in: Some(3),
            times: Timestamps { request_ns: Some(5), tokens_ns, ..Timestamps::default() },
            output: Some(crate::Output {
                n_out: 1,
                stop: StopReason::Aborted,
                tokens_sha256: None,
                text: text.clone(),
                logits_finite: Some(true),
            }),
            figures: vec![Figure {
                scope: FigureScope::Prefill,
                name: "ttft_s".to_owned(),
                value: 0.25,
                unit: "s".to_owned(),
            }],
            rss_after_prefill: Some(7),
            ..TrialReport::failed(trial_id, 1, Failure::TimedOut, text)
        }))
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(id in ".*", tokens in proptest::collection::vec(any::<u64>(), 0..40), text in ".*") {
            let mut bytes = Vec::new();
            let event = report(id, tokens, text);
            let mut writer = EventWriter::new(&mut bytes);
            writer.write(1, event.clone()).unwrap();
            writer.write(2, Event::Done { trials: 1 }).unwrap();
            let mut reader = EventReader::new(bytes.as_slice());
            prop_assert_eq!(reader.next_event().unwrap().unwrap().event, event);
            prop_assert_eq!(reader.next_event().unwrap().unwrap().event, Event::Done { trials: 1 });
            prop_assert!(reader.next_event().unwrap().is_none());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut reader = EventReader::new(bytes.as_slice());
            while let Ok(Some(_)) = reader.next_event() {}
        }

        #[test]
        fn a_cut_anywhere_is_torn_or_clean(cut in 0usize..200) {
            let mut bytes = Vec::new();
            EventWriter::new(&mut bytes).write(1, report("t".into(), vec![1, 2], "x".into())).unwrap();
            let cut = cut.min(bytes.len() - 1);
            let result = EventReader::new(&bytes[..cut]).next_event();
            let expected = if cut == 0 { matches!(result, Ok(None)) } else { matches!(result, Err(DecodeError::Torn { .. })) };
            prop_assert!(expected);
        }
    }

    #[test]
    fn a_future_version_is_a_typed_error_whatever_its_shape() {
        let line = r#"{"v":"2.0","what":"ever"}"#;
        assert!(matches!(decode_line(line), Err(DecodeError::Version(_))));
        assert!(matches!(decode_job(r#"{"protocol":"7.1"}"#), Err(DecodeError::Version(_))));
    }

    #[test]
    fn a_newer_minor_version_is_read_and_its_new_events_are_ignored() {
        let newer = r#"{"v":"1.9","seq":0,"at_ns":5,"event":{"type":"northern-lights","colour":"green"}}"#;
        assert_eq!(decode_line(newer).unwrap().event, Event::Unknown);
        let beat = r#"{"v":"1.9","seq":0,"at_ns":5,"event":{"type":"heartbeat"},"colour":"green"}"#;
        assert_eq!(decode_line(beat).unwrap().event, Event::Heartbeat);
    }

    #[test]
    fn a_gap_in_the_sequence_is_seen() {
        let line = encode_line(&Envelope { v: VERSION, seq: 1, at_ns: 0, event: Event::Done { trials: 0 } })
            .unwrap();
        let result = EventReader::new(line.as_bytes()).next_event();
        assert!(matches!(result, Err(DecodeError::OutOfSequence { expected: 0, got: 1 })));
    }
}
