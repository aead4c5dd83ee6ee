//! An adb server that behaves as badly as told.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// A server that treats one connection after another as told, then is gone.
pub fn served(play: impl Fn(usize, &mut TcpStream) + Send + 'static, connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for number in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            play(number, &mut stream);
        }
    });
    address
}

/// Reads a request.
pub fn request(stream: &mut TcpStream) -> String {
    let mut digits = [0; 4];
    stream.read_exact(&mut digits).unwrap();
    let length = usize::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap();
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Sends bytes; a client that is gone is no error.
pub fn say(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
    let _ = stream.flush();
}

/// The server's no.
pub fn fail(stream: &mut TcpStream, message: &str) {
    say(stream, format!("FAIL{:04x}{message}", message.len()).as_bytes());
}

/// Says yes to the transport and to the shell, then sends what is given.
pub fn shell_that_sends(bytes: &'static [u8]) -> SocketAddr {
    served(
        move |_, stream| {
            assert!(request(stream).starts_with("host:transport:"));
            say(stream, b"OKAY");
            assert!(request(stream).starts_with("shell,v2,raw:"));
            say(stream, b"OKAY");
            let mut no_stdin = [0; 5];
            stream.read_exact(&mut no_stdin).unwrap();
            say(stream, bytes);
        },
        1,
    )
}
