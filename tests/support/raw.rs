//! Requests that no well-behaved client sends, byte by byte.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::World;

/// Sends bytes and gives what comes back until the server closes the connection, or stops answering.
pub async fn talk(world: &World, request: &str) -> String {
    let mut connection = TcpStream::connect(world.address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await; // a reset is an answer too
    String::from_utf8_lossy(&answer).into_owned()
}
