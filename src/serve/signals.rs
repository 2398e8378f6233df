//! The signals this program gets.

use std::io;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch::{self, Receiver, Sender},
};

/// How often this program was told to stop (SIGTERM, SIGINT) since now. SIGHUP, SIGUSR1 and SIGUSR2 would end it without
/// a stop; from now on they only leave a line in the log, because no setting is read anew.
pub(super) fn told_to_stop() -> io::Result<Receiver<u32>> {
    let (telling, told) = watch::channel(0);
    let stops = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    for stop in stops {
        tokio::spawn(tell(stop?, telling.clone()));
    }
    for (name, kind) in [
        ("SIGHUP", SignalKind::hangup()),
        ("SIGUSR1", SignalKind::user_defined1()),
        ("SIGUSR2", SignalKind::user_defined2()),
    ] {
        tokio::spawn(ignore(name, signal(kind)?));
    }
    Ok(told)
}

async fn tell(mut stop: Signal, telling: Sender<u32>) {
    while stop.recv().await.is_some() {
        telling.send_modify(|times| *times += 1);
    }
}

async fn ignore(name: &str, mut signal: Signal) {
    while signal.recv().await.is_some() {
        tracing::info!("{name} changes nothing: settings are read at the start, and SIGTERM stops the server");
    }
}

/// Waits until the program was told so often.
pub(super) async fn times_told(told: &mut Receiver<u32>, times: u32) {
    // The senders go only with the whole program.
    let _ = told.wait_for(|now| *now >= times).await;
}
