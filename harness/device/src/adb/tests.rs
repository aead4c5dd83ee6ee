//! Failures of servers and links, played by a small server in this process.

use super::*;
use crate::{Link, LinkError, Shell};
use proptest::prelude::*;
use slm_testkit::adb_server::{self, fail, request, say};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(300);

pub(super) fn served(play: impl Fn(usize, &mut TcpStream) + Send + 'static, connections: usize) -> Server {
    at(adb_server::served(play, connections))
}

fn shell_that_sends(bytes: &'static [u8]) -> Server {
    at(adb_server::shell_that_sends(bytes))
}

fn at(address: SocketAddr) -> Server {
    Server::new(address.to_string().parse().unwrap())
}

fn phone(server: &Server) -> AdbLink {
    AdbLink::new(server, "a;b c")
}

#[test]
fn a_commands_output_and_status_are_told_apart() {
    let server = shell_that_sends(b"\x01\x03\0\0\0out\x02\x03\0\0\0err\x03\x01\0\0\0\x07");
    let output = phone(&server).run("true", SHORT).unwrap();
    assert_eq!(
        (output.code, output.stdout.as_slice(), output.stderr.as_slice()),
        (7, &b"out"[..], &b"err"[..])
    );
}

#[test]
fn an_end_without_an_exit_status_is_a_lost_link() {
    for bytes in [&b""[..], b"\x01\x03\0\0\0out", b"\x01\x03\0\0\0ou", b"\x03\x01\0\0\0", b"\x03"] {
        let error = phone(&shell_that_sends(bytes)).run("true", SHORT).unwrap_err();
        assert!(matches!(error, LinkError::Lost { .. }) && error.can_retry(), "{bytes:?}: {error}");
    }
}

#[test]
fn invalid_bytes_from_the_device_are_refused_at_once() {
    for bytes in [&b"\x01\xff\xff\xff\xff"[..], b"\x03\x02\0\0\0ab"] {
        let error = phone(&shell_that_sends(bytes)).run("true", SHORT).unwrap_err();
        assert!(matches!(error, LinkError::Refused { .. }) && !error.can_retry(), "{bytes:?}: {error}");
    }
}

#[test]
fn a_server_that_stalls_costs_the_time_that_was_allowed() {
    // At every stage: before the answer, within it, within the shell's stream.
    for stage in 0..4 {
        let play = move |_, stream: &mut TcpStream| {
            if stage > 0 {
                request(stream);
                say(stream, if stage == 1 { b"OK" } else { b"OKAY" });
            }
            if stage > 2 {
                request(stream);
                say(stream, b"OKAY\x01\x03\0\0\0o");
            }
            thread::sleep(SHORT * 10);
        };
        let before = Instant::now();
        let error = phone(&served(play, 1)).run("true", SHORT).unwrap_err();
        assert!(matches!(error, LinkError::TimedOut { .. }) && error.can_retry(), "stage {stage}: {error}");
        assert!(before.elapsed() < SHORT * 5, "stage {stage}: {:?}", before.elapsed());
    }
}

#[test]
fn a_trickle_of_bytes_extends_an_idle_timeout_and_no_total_one() {
    let play = |_, stream: &mut TcpStream| {
        for _ in 0..2 {
            request(stream);
            say(stream, b"OKAY");
        }
        for _ in 0..8 {
            say(stream, b"\x01\x01\0\0\0.");
            thread::sleep(SHORT / 3);
        }
        say(stream, b"\x03\x01\0\0\0\0");
    };
    let error = phone(&served(play, 1)).run("true", SHORT).unwrap_err();
    assert!(matches!(error, LinkError::TimedOut { .. }), "{error}");
    assert_eq!(phone(&served(play, 1)).run_with_idle_timeout("true", SHORT).unwrap().stdout, b"........");
}

#[test]
fn a_server_that_is_not_there_or_is_none_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let absent = Server::new(format!("127.0.0.1:{closed}").parse().unwrap());
    assert!(matches!(phone(&absent).run("true", SHORT), Err(LinkError::NoServer { .. })));
    let web = served(
        |_, stream| {
            request(stream);
            say(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        },
        1,
    );
    let error = phone(&web).run("true", SHORT).unwrap_err();
    assert!(matches!(error, LinkError::Refused { .. }) && error.to_string().contains("HTTP"), "{error}");
}

#[test]
fn a_failure_reported_by_the_server_is_understood() {
    let of = |message: &'static str| {
        let server = served(
            move |_, stream| {
                request(stream);
                fail(stream, message);
            },
            1,
        );
        phone(&server).run("true", SHORT).unwrap_err()
    };
    assert!(matches!(of("device unauthorized.\nSee the log"), LinkError::Unauthorized { .. }));
    assert!(matches!(of("device offline"), LinkError::NotReady { .. }));
    assert!(matches!(of("device 'S' not found"), LinkError::NoDevice { .. }));
}

#[test]
fn a_list_with_an_odd_line_is_read() {
    let text =
        "0123456789 no permissions (udev?); see [http://x] usb:1-1 transport_id:3\nS device transport_id:1\n";
    let server = served(
        move |_, stream| {
            assert_eq!(request(stream), "host:devices-l");
            say(stream, format!("OKAY{:04x}{text}", text.len()).as_bytes());
        },
        1,
    );
    let states: Vec<String> = server.attached().unwrap().into_iter().map(|phone| phone.state).collect();
    assert_eq!(states, ["no permissions", "device"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_a_server_sends_an_answer_comes_in_time(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let server = served(move |_, stream| { request(stream); say(stream, &bytes); }, 1);
        let before = Instant::now();
        prop_assert!(phone(&server).run("true", SHORT).is_err());
        prop_assert!(before.elapsed() < SHORT * 5);
    }
}
