//! The audit log: what this process records, one JSON object in a line, as it happens. The record itself is in the database;
//! what a process that died did not write here is there, and `latchkey events export` tells it.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use actix_web::web::Data;
use anyhow::Context;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    sync::oneshot,
    task::JoinHandle,
};

use crate::{app::App, audit::EventLine, tokens::EventId};

/// After the file could not be written, or the database not be read.
const AGAIN: Duration = Duration::from_secs(1);
/// Lines that are written at a time.
const LINES: usize = 100;

/// Writes the audit log until it is stopped.
pub(super) struct AuditLog {
    stop: oneshot::Sender<()>,
    writing: JoinHandle<()>,
}

impl AuditLog {
    /// Begins to write.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn start(app: &Data<App>, path: &Path) -> anyhow::Result<Self> {
        append(path, "").with_context(|| format!("the audit log {} cannot be written", path.display()))?;
        let (told, events) = unbounded_channel();
        app.store.tell_recorded(told);
        let (stop, stopped) = oneshot::channel();
        let writing = write_all(app.clone(), path.to_owned(), events, stopped);
        Ok(Self { stop, writing: tokio::spawn(writing) })
    }

    /// Writes what was recorded by now, if that works at once, and ends.
    pub(super) async fn finish(self) {
        // It ends by itself only if it panicked.
        let _ = self.stop.send(());
        let _ = self.writing.await;
    }
}

async fn write_all(
    app: Data<App>,
    path: std::path::PathBuf,
    mut events: UnboundedReceiver<EventId>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (mut waiting, mut stopping) = (Vec::new(), false);
    while !stopping || !waiting.is_empty() {
        if waiting.is_empty() {
            tokio::select! {
                biased;
                received = events.recv_many(&mut waiting, LINES) => stopping = received == 0,
                _ = &mut stopped, if !stopping => {
                    stopping = true;
                    events.close();
                    while let Ok(event) = events.try_recv() {
                        waiting.push(event);
                    }
                }
            }
        }
        match write(&app, &path, &waiting).await {
            Ok(()) => waiting.clear(),
            Err(error) => {
                tracing::error!("the audit log cannot be written: {error:#}");
                if stopping {
                    return;
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn write(app: &App, path: &Path, events: &[EventId]) -> anyhow::Result<()> {
    let mut lines = String::new();
    for event in events {
        if let Some(event) = app.store.event(*event).await? {
            lines += &serde_json::to_string(&EventLine::of(&event))?;
            lines.push('\n');
        }
    }
    Ok(append(path, &lines)?)
}

/// The file is opened anew each time, so that whoever rotates it need not tell.
fn append(path: &Path, lines: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.write_all(lines.as_bytes())
}
