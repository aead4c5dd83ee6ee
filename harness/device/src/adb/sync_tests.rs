//! Transfers to a small server in this process, and what may go wrong with them.

use super::{
    server::Server,
    sync::{self, Timeouts},
    tests::served,
};
use crate::LinkError;
use proptest::prelude::*;
use slm_testkit::adb_server::{request, say};
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SHORT: Duration = Duration::from_millis(300);
const MIB: usize = 1 << 20;

/// This many bytes; a packet does not begin with the same ones as the packet before.
fn content(bytes: usize) -> Vec<u8> {
    (0..251).cycle().take(bytes).collect()
}

/// A file of this many bytes.
fn file(bytes: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    std::fs::write(&path, content(bytes)).unwrap();
    (folder, path)
}

fn push(server: &Server, bytes: usize, progress: &mut dyn FnMut(u64)) -> Result<(), LinkError> {
    let (_folder, path) = file(bytes);
    let timeouts = Timeouts { stall: SHORT, answer: SHORT * 2 };
    sync::push(server.address(), "S", &path, "/a,b", timeouts, progress)
}

/// Accepts the transport and the service.
fn sync_service(stream: &mut TcpStream) {
    for service in ["host:transport:S", "sync:"] {
        assert_eq!(request(stream), service);
        say(stream, b"OKAY");
    }
}

/// A packet's name, number and payload; `DONE` has a number and no payload.
fn packet(stream: &mut TcpStream) -> (String, u32, Vec<u8>) {
    let mut header = [0; 8];
    stream.read_exact(&mut header).unwrap();
    let name = String::from_utf8(header[..4].to_vec()).unwrap();
    let number = u32::from_le_bytes(header[4..].try_into().unwrap());
    let mut payload = vec![0; if name == "DONE" { 0 } else { number as usize }];
    stream.read_exact(&mut payload).unwrap();
    (name, number, payload)
}

/// Reads a whole transfer as adbd does, and hands over target and content.
fn receive(stream: &mut TcpStream, received: &Sender<(String, Vec<u8>)>) {
    sync_service(stream);
    let (name, _, target) = packet(stream);
    assert_eq!(name, "SEND");
    let mut content = Vec::new();
    loop {
        let (name, number, payload) = packet(stream);
        match name.as_str() {
            "DATA" => assert!((1..=64 << 10).contains(&number)),
            "DONE" => break assert!(number > 1_700_000_000, "{number} is no time"),
            other => panic!("{other}"),
        }
        content.extend(payload);
    }
    received.send((String::from_utf8(target).unwrap(), content)).unwrap();
    say(stream, b"OKAY\0\0\0\0");
}

fn fail(stream: &mut TcpStream, message: &str) {
    say(
        stream,
        &[b"FAIL", &u32::try_from(message.len()).unwrap().to_le_bytes()[..], message.as_bytes()].concat(),
    );
}

#[test]
fn a_file_arrives_as_it_is_and_its_progress_is_reported() {
    for bytes in [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, MIB] {
        let (sender, received) = channel();
        let server = served(move |_, stream| receive(stream, &sender), 1);
        let mut progress = Vec::new();
        push(&server, bytes, &mut |sent| progress.push(sent)).unwrap();
        let (target, arrived) = received.recv().unwrap();
        assert_eq!(target, "/a,b,0644");
        assert!(arrived == content(bytes), "{bytes}");
        assert_eq!(progress.last().copied().unwrap_or(0), bytes as u64);
        assert!(progress.is_sorted());
    }
}

#[test]
fn a_failure_ends_a_transfer_before_all_is_sent() {
    let server = served(
        |_, stream| {
            sync_service(stream);
            packet(stream);
            packet(stream);
            fail(stream, "write failed: No space left on device");
            // As adbd does: the rest is read and thrown away.
            let _ = std::io::copy(stream, &mut std::io::sink());
        },
        1,
    );
    let mut sent = 0;
    let error = push(&server, 64 * MIB, &mut |bytes| sent = bytes).unwrap_err();
    assert!(matches!(error, LinkError::NoSpace { .. }), "{error}");
    assert!(sent < 64 * MIB as u64, "all was sent");
}

#[test]
fn a_refusal_has_the_phones_message() {
    let server = served(
        |_, stream| {
            sync_service(stream);
            packet(stream);
            fail(stream, "couldn't create file: Permission denied\n");
            let _ = std::io::copy(stream, &mut std::io::sink());
        },
        1,
    );
    let error = push(&server, 1000, &mut |_| ()).unwrap_err();
    assert!(matches!(error, LinkError::Refused { .. }) && !error.can_retry(), "{error}");
    assert!(error.to_string().ends_with("couldn't create file: Permission denied"), "{error}");
}

#[test]
fn a_link_that_is_cut_is_lost_at_every_stage() {
    for stage in 0..5 {
        let play = move |_, stream: &mut TcpStream| {
            if stage == 0 {
                return;
            }
            sync_service(stream);
            if stage > 1 {
                packet(stream);
            }
            if stage > 2 {
                packet(stream);
            }
            if stage > 3 {
                say(stream, b"OKA");
            }
        };
        let error = push(&served(play, 1), 4 * MIB, &mut |_| ()).unwrap_err();
        assert!(matches!(error, LinkError::Lost { .. }) && error.can_retry(), "stage {stage}: {error}");
    }
}

#[test]
fn a_silent_server_costs_the_time_that_was_allowed() {
    for stage in 0..3 {
        let play = move |_, stream: &mut TcpStream| {
            if stage > 0 {
                sync_service(stream);
            }
            if stage > 1 {
                while packet(stream).0 != "DONE" {}
            }
            thread::sleep(SHORT * 10);
        };
        let before = Instant::now();
        // More than the buffers between the two sockets hold.
        let error = push(&served(play, 1), 32 * MIB, &mut |_| ()).unwrap_err();
        assert!(matches!(error, LinkError::TimedOut { .. }) && error.can_retry(), "stage {stage}: {error}");
        assert!(before.elapsed() < SHORT * 8, "stage {stage}: {:?}", before.elapsed());
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let server = served(|_, _| (), 0);
    let missing = std::path::Path::new("/nowhere/f");
    let error = sync::push(server.address(), "S", missing, "/x", Timeouts::USUAL, &mut |_| ()).unwrap_err();
    assert!(!error.can_retry() && error.to_string().contains("/nowhere/f cannot be sent"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_a_phone_answers_a_transfer_ends_in_time(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let play = move |_, stream: &mut TcpStream| {
            sync_service(stream);
            let _ = stream.write_all(&bytes);
            let _ = std::io::copy(stream, &mut std::io::sink());
        };
        let before = Instant::now();
        let _ = push(&served(play, 1), 1000, &mut |_| ());
        prop_assert!(before.elapsed() < SHORT * 6);
    }
}
