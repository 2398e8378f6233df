//! What the tests of mails say often: a host with a mail server, whose jobs run when they are told to.

use std::rc::Rc;

use chrono::{DateTime, Utc};
use latchkey::jobs::{Report, run_expiry_warnings};

use crate::support::{database::Engine, letter::Letter, post_office::PostOffice};

pub(super) use crate::support::world::World;

/// What every process of a host shares.
pub(super) const MASTER: &str = crate::support::world::MASTER_SECRET;
pub(super) const PUBLIC_URL: &str = "https://packages.example.com:8443/keys";
const START: &str = "2026-11-23T12:20:00Z";
const FLAGS: [(&str, &str); 3] =
    [("public-url", PUBLIC_URL), ("mail-from", "Packages <packages@example.com>"), ("sign-up", "closed")];

pub(super) fn start() -> DateTime<Utc> {
    START.parse().unwrap()
}

impl World {
    /// A host with a mail server.
    pub(super) async fn mailing(engine: Engine) -> Self {
        Self::mailing_with(engine, "?tls=none").await
    }

    /// One with options for the SMTP URL.
    pub(super) async fn mailing_with(engine: Engine, options: &str) -> Self {
        Self::mailing_by(engine, |port| Some(format!("smtp://127.0.0.1:{port}{options}"))).await
    }

    /// One that sends to a URL, made from the port of its own mail server.
    pub(super) async fn mailing_by(engine: Engine, smtp_url: impl Fn(u16) -> Option<String>) -> Self {
        let world = Self::still(engine, START).await;
        let post = Rc::new(PostOffice::open().await);
        world.smtp_url.replace(smtp_url(post.port));
        world.restart().await;
        world.post_office.replace(Some(post));
        world
    }

    /// Another process goes on with the same data.
    pub(super) async fn restart(&self) {
        self.open_with(&FLAGS, |settings| settings.event_days = None).await;
    }

    /// Its mail server.
    pub(super) fn post(&self) -> Rc<PostOffice> {
        Rc::clone(self.post_office.borrow().as_ref().expect("a mail server"))
    }

    /// One tick of the job.
    pub(super) async fn tick(&self) -> Report {
        run_expiry_warnings(&self.app(), false, self.now()).await.unwrap()
    }

    /// The subjects of what the post office took, in order.
    pub(super) fn subjects(&self) -> Vec<String> {
        self.post().taken().iter().map(|mail| Letter::read(&mail.message).header("Subject")).collect()
    }
}

/// Blanks and line ends folded.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
