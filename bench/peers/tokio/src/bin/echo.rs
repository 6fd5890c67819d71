//! Echo server on tokio's `current_thread` runtime.
//!
//!     echo [--port 0] [--timeout SECONDS]
//!
//! With `--timeout` every read is wrapped in `tokio::time::timeout`, as the
//! example server of Edo does.

use std::{env, io, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

async fn handle(mut stream: TcpStream, idle: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buf = vec![0u8; 64 * 1024];
    loop {
        let n = match idle {
            Some(limit) => timeout(limit, stream.read(&mut buf)).await??,
            None => stream.read(&mut buf).await?,
        };
        if n == 0 {
            return Ok(());
        }
        stream.write_all(&buf[..n]).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().collect();
    let flag = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    let port = flag("--port").unwrap_or(0);
    let idle = flag("--timeout").map(Duration::from_secs);
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(handle(stream, idle));
    }
}
