// SPDX-License-Identifier: MIT
// A server of Rust's standard library, with CUDA in C (tests/servers/gpu.c): serve_std PORT main|thread says which
// thread accepts.
use std::ffi::CStr;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::raw::{c_char, c_longlong};

extern "C" {
    fn gpu_load();
    fn gpu_now() -> c_longlong;
    fn gpu_answer(began: c_longlong, text: *mut c_char, size: usize);
}

fn answer() -> String {
    let mut line = [0 as c_char; 1024];
    unsafe {
        gpu_answer(gpu_now(), line.as_mut_ptr(), line.len());
        CStr::from_ptr(line.as_ptr()).to_string_lossy().into_owned()
    }
}

fn serve(listener: TcpListener) {
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        let mut request = [0u8; 4096];
        let _ = connection.read(&mut request);
        let body = answer();
        let _ = write!(connection, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.len(), body);
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    unsafe { gpu_load() };
    let listener = TcpListener::bind(format!("127.0.0.1:{}", words[1])).unwrap();
    if words[2] == "thread" {
        std::thread::spawn(move || serve(listener)).join().unwrap();
    } else {
        serve(listener);
    }
}
