//! Two whole servers on one database, with all their jobs, started and stopped again and again: each warning goes out once.

use std::{net::TcpListener, process::Child, process::Command, time::Duration as Pause};

use chrono::{DateTime, Duration, SubsecRound, Utc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    crash_loop::{binary, share_the_master_secret},
    world::{World, start},
};
use crate::support::world::on_both_engines;

on_both_engines! {
    threads World::mailing =>
    two_servers_on_one_database_send_each_warning_once,
}

const OWNERS: i64 = 20;

async fn two_servers_on_one_database_send_each_warning_once(world: &World) {
    // The servers go by the clock of the machine.
    let now = DateTime::<Utc>::from(std::time::SystemTime::now()).trunc_subsecs(0);
    world.pass(now - Duration::days(20) - start());
    for number in 0..OWNERS {
        let owner = world.account(&format!("owner-{number:02}")).await;
        world.token_with(owner, "CI", "", Duration::days(30) - Duration::minutes(number)).await;
        world.token_with(owner, "Over", "", Duration::days(7)).await;
    }
    share_the_master_secret(world);
    // One that warns, one that tells of an end, and one of what happened in the account.
    let expected = usize::try_from(3 * OWNERS).unwrap();
    for _ in 0..2 {
        let servers = [Server::start(world), Server::start(world)];
        let came_up = servers.each_ref().map(Server::is_up);
        futures_util::future::join_all(came_up).await;
        while world.post().taken().len() < expected {
            tokio::time::sleep(Pause::from_millis(20)).await;
        }
        tokio::time::sleep(Pause::from_millis(300)).await; // time to send one too many
        for server in servers {
            server.stop().await;
        }
    }
    let mut mails: Vec<_> =
        world.subjects().into_iter().zip(world.post().taken().into_iter().map(|mail| mail.recipient)).collect();
    mails.sort();
    let count = mails.len();
    mails.dedup();
    assert_eq!((mails.len(), count), (expected, expected), "{mails:?}");
}

/// A server of its own port, killed when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(world: &World) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = binary(world, world.post().port, "");
        command.env("LATCHKEY_LISTEN", format!("127.0.0.1:{port}")).env("LATCHKEY_MAILS_PER_MINUTE", "1000");
        Self { process: command.spawn().unwrap(), port }
    }

    /// Waits until it answers: it listens before it is ready.
    async fn is_up(&self) {
        loop {
            if let Ok(mut door) = TcpStream::connect(("127.0.0.1", self.port)).await
                && door.write_all(b"GET /health HTTP/1.0\r\n\r\n").await.is_ok()
                && door.read_u8().await.is_ok()
            {
                return;
            }
            tokio::time::sleep(Pause::from_millis(20)).await;
        }
    }

    /// Asks it to stop, and waits until it has.
    async fn stop(mut self) {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(asked.unwrap().success());
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            tokio::time::sleep(Pause::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
