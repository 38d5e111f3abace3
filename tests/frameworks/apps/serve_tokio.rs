// SPDX-License-Identifier: MIT
// As serve_std, on tokio: serve_tokio PORT many|one says how many threads its runtime has.
mod gpu;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

async fn serve(port: String) {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", port)).await.unwrap();
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut request = [0u8; 4096];
            let _ = connection.read(&mut request).await;
            let body = gpu::answer();
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", body.len(), body);
            let _ = connection.write_all(text.as_bytes()).await;
        });
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    gpu::load();
    let mut builder = if words[2] == "many" { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.enable_io().build().unwrap().block_on(serve(words[1].clone()));
}
