// SPDX-License-Identifier: MIT
// A server of Rust's standard library, with CUDA in C (tests/servers/gpu.c): serve_std PORT main|thread says which
// thread accepts.
mod gpu;

use std::io::{Read, Write};
use std::net::TcpListener;

fn serve(listener: TcpListener) {
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        let mut request = [0u8; 4096];
        let _ = connection.read(&mut request);
        let body = gpu::answer();
        let _ = write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.len(), body);
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    gpu::load();
    let listener = TcpListener::bind(format!("127.0.0.1:{}", words[1])).unwrap();
    if words[2] == "thread" {
        std::thread::spawn(move || serve(listener)).join().unwrap();
    } else {
        serve(listener);
    }
}
