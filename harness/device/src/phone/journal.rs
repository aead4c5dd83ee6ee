//! A journal that is read from a phone in pieces: complete lines become events, numbered
//! from 0 without gaps; the start of an incomplete line is kept until its rest arrives.

use slm_protocol::{DecodeError, Envelope, MAX_LINE_BYTES, decode_line};
use std::collections::VecDeque;

/// The part of a journal that was read so far.
#[derive(Default)]
pub(super) struct Journal {
    /// Bytes read of the phone's file.
    offset: u64,
    /// The start of a line whose end was not read yet.
    partial_line: Vec<u8>,
    next_seq: u64,
    events: VecDeque<Envelope>,
    failed: Option<DecodeError>,
}

impl Journal {
    /// Where to continue reading, bytes from the start.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Adds the next bytes of the file.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if self.failed.is_some() {
            return;
        }
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            self.partial_line.extend_from_slice(line);
            let line = std::mem::take(&mut self.partial_line);
            match self.decode(&line) {
                Ok(envelope) => self.events.push_back(envelope),
                Err(error) => return self.failed = Some(error),
            }
        }
        self.partial_line.extend_from_slice(rest);
        if self.partial_line.len() as u64 > MAX_LINE_BYTES {
            self.failed = Some(DecodeError::TooLong);
        }
    }

    /// The next event; an error is given once, after all events before it.
    pub(super) fn next(&mut self) -> Option<Result<Envelope, DecodeError>> {
        self.events.pop_front().map(Ok).or_else(|| self.failed.take().map(Err))
    }

    fn decode(&mut self, line: &[u8]) -> Result<Envelope, DecodeError> {
        let text = std::str::from_utf8(line)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
        let envelope = decode_line(text)?;
        if envelope.seq != self.next_seq {
            return Err(DecodeError::OutOfSequence { expected: self.next_seq, got: envelope.seq });
        }
        self.next_seq += 1;
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use slm_protocol::{Event, EventWriter};

    fn written(events: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = EventWriter::new(&mut bytes);
        for n in 0..events {
            writer.write(1, Event::TrialStarted { trial_id: format!("é{n}") }).unwrap();
        }
        bytes
    }

    fn drain(journal: &mut Journal) -> Vec<u64> {
        std::iter::from_fn(|| journal.next()).map(|event| event.unwrap().seq).collect()
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_the_file_is_cut(events in 0usize..6, piece in 1usize..90, torn in 0usize..60) {
            let bytes = written(events + 1);
            let whole = written(events).len();
            // The last line is torn; its rest never comes.
            let end = whole + torn.min(bytes.len() - whole - 1);
            let mut journal = Journal::default();
            let mut seen = Vec::new();
            for part in bytes[..end].chunks(piece) {
                journal.feed(part);
                seen.extend(drain(&mut journal));
            }
            prop_assert_eq!(seen, (0..events as u64).collect::<Vec<_>>());
            prop_assert_eq!(journal.offset(), end as u64);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut journal = Journal::default();
            journal.feed(&bytes);
            while journal.next().is_some() {}
        }
    }

    #[test]
    fn a_missing_line_is_reported_after_the_lines_before_it() {
        let bytes = written(4);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let mut journal = Journal::default();
        journal.feed(&[lines[0], lines[1], lines[3]].concat());
        assert_eq!([journal.next().unwrap().unwrap().seq, journal.next().unwrap().unwrap().seq], [0, 1]);
        let error = journal.next().unwrap().unwrap_err();
        assert!(matches!(error, DecodeError::OutOfSequence { expected: 2, got: 3 }));
        assert!(journal.next().is_none());
    }
}
