// SPDX-License-Identifier: MIT
// The same on tokio: serve_tokio PORT many|one says how many threads its runtime has.
use std::ffi::CStr;
use std::os::raw::{c_char, c_longlong};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

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

async fn serve(port: String) {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", port)).await.unwrap();
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut request = [0u8; 4096];
            let _ = connection.read(&mut request).await;
            let body = answer();
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.len(), body);
            let _ = connection.write_all(text.as_bytes()).await;
        });
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    unsafe { gpu_load() };
    let mut builder = if words[2] == "many" { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_io().build().unwrap().block_on(serve(words[1].clone()));
}
