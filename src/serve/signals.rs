//! The signals this program gets.

use std::io;

use rustix::process::Signal;
use tokio::{
    signal::unix::{Signal as Stream, SignalKind, signal},
    sync::watch::{self, Receiver, Sender},
};

/// How often this program was told to stop (SIGTERM, SIGINT, SIGQUIT, or SIGXCPU when its time is used up) since now.
/// Other signals would end it without a stop; from now on they only leave a line in the log, because no setting is read
/// anew.
pub(super) fn stop_signals() -> io::Result<Receiver<u32>> {
    let (sender, signals) = watch::channel(0);
    let stops = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit(), numbered(Signal::XCPU)];
    for stop in stops.map(signal) {
        tokio::spawn(tell(stop?, sender.clone()));
    }
    for (name, kind) in [
        ("SIGHUP", SignalKind::hangup()),
        ("SIGUSR1", SignalKind::user_defined1()),
        ("SIGUSR2", SignalKind::user_defined2()),
        ("SIGALRM", SignalKind::alarm()),
    ] {
        tokio::spawn(ignore(name, signal(kind)?));
    }
    Ok(signals)
}

/// From now on, a write beyond the limit of the size of files (SIGXFSZ) fails as one to a full disk does, and does not end
/// the program.
///
/// # Errors
/// When the system refuses.
pub fn outlive_large_files() -> io::Result<()> {
    // The handler stays, whatever becomes of what hears of it.
    signal(numbered(Signal::XFSZ)).map(drop)
}

fn numbered(signal: Signal) -> SignalKind {
    SignalKind::from_raw(signal.as_raw())
}

async fn tell(mut stop: Stream, sender: Sender<u32>) {
    while stop.recv().await.is_some() {
        sender.send_modify(|times| *times += 1);
    }
}

async fn ignore(name: &str, mut signal: Stream) {
    while signal.recv().await.is_some() {
        tracing::info!("{name} changes nothing: settings are read at the start, and SIGTERM stops the server");
    }
}

/// Waits until the program was told so often.
pub(super) async fn wait_for_signals(signals: &mut Receiver<u32>, times: u32) {
    // The senders go only with the whole program.
    let _ = signals.wait_for(|now| *now >= times).await;
}
