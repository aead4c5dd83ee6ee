//! The packets of `shell,v2`: one byte for the kind, four for the length (little-endian),
//! then the payload.

/// Kinds that a host may receive or send (adb's `shell_protocol.h`).
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const EXIT: u8 = 3;
const CLOSE_STDIN: u8 = 4;

/// Packets of adbd are far smaller; a longer one is no packet.
const MAX_PAYLOAD: usize = 16 << 20;
const HEADER: usize = 5;

/// Closes the standard input of the command.
pub(super) const NO_STDIN: [u8; HEADER] = [CLOSE_STDIN, 0, 0, 0, 0];

/// A packet from a running command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Exit(u8),
}

/// Takes bytes as they come and gives whole packets.
#[derive(Default)]
pub(super) struct Decoder {
    buffer: Vec<u8>,
}

impl Decoder {
    /// Adds bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole packet, if there is one. Kinds that are not known are left out.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, String> {
        loop {
            let Some(header) = self.buffer.first_chunk::<HEADER>() else { return Ok(None) };
            let [kind, length @ ..] = *header;
            let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
            if length > MAX_PAYLOAD {
                return Err(format!("a packet of {length} bytes, which no device sends"));
            }
            if self.buffer.len() < HEADER + length {
                return Ok(None);
            }
            let payload = self.buffer[HEADER..HEADER + length].to_vec();
            self.buffer.drain(..HEADER + length);
            match (kind, payload.as_slice()) {
                (STDOUT, _) => return Ok(Some(Packet::Stdout(payload))),
                (STDERR, _) => return Ok(Some(Packet::Stderr(payload))),
                (EXIT, [code]) => return Ok(Some(Packet::Exit(*code))),
                (EXIT, _) => return Err(format!("an exit status of {length} bytes")),
                _ => {}
            }
        }
    }

    /// Whether a packet has begun that is not whole.
    pub(super) fn has_partial_packet(&self) -> bool {
        !self.buffer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(packet: &Packet) -> Vec<u8> {
        let (kind, payload) = match packet {
            Packet::Stdout(bytes) => (STDOUT, bytes.clone()),
            Packet::Stderr(bytes) => (STDERR, bytes.clone()),
            Packet::Exit(code) => (EXIT, vec![*code]),
        };
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        [&[kind][..], &length, &payload].concat()
    }

    fn packet() -> impl Strategy<Value = Packet> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..50);
        prop_oneof![
            bytes().prop_map(Packet::Stdout),
            bytes().prop_map(Packet::Stderr),
            any::<u8>().prop_map(Packet::Exit)
        ]
    }

    proptest! {
        #[test]
        fn packets_are_the_same_however_the_stream_is_cut(
            packets in proptest::collection::vec(packet(), 0..8), piece in 1usize..20
        ) {
            let stream: Vec<u8> = packets.iter().flat_map(encode).collect();
            let (mut decoder, mut seen) = (Decoder::default(), Vec::new());
            for bytes in stream.chunks(piece) {
                decoder.feed(bytes);
                while let Some(packet) = decoder.next().unwrap() {
                    seen.push(packet);
                }
            }
            prop_assert_eq!(seen, packets);
            prop_assert!(!decoder.has_partial_packet());
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut decoder = Decoder::default();
            decoder.feed(&bytes);
            while let Ok(Some(_)) = decoder.next() {}
        }

        #[test]
        fn a_torn_packet_is_no_packet(packet in packet(), cut in 1usize..55) {
            let stream = encode(&packet);
            let cut = cut.min(stream.len() - 1);
            let mut decoder = Decoder::default();
            decoder.feed(&stream[..cut]);
            prop_assert_eq!(decoder.next().unwrap(), None);
            prop_assert!(decoder.has_partial_packet());
        }
    }

    #[test]
    fn unknown_kinds_are_passed_over_and_absurd_lengths_refused() {
        let mut decoder = Decoder::default();
        decoder.feed(&[9, 1, 0, 0, 0, 7, EXIT, 1, 0, 0, 0, 3]);
        assert_eq!(decoder.next().unwrap(), Some(Packet::Exit(3)));
        decoder.feed(&[STDOUT, 0xff, 0xff, 0xff, 0x7f]);
        assert!(decoder.next().is_err());
    }
}
