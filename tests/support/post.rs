//! The mails of a journey: files without a mail server, else what a small one took.

use std::{fs, rc::Rc};

use latchkey::jobs::send_mails;

use super::{
    letter::Letter,
    post_office::{Mood, PostOffice},
    world::World,
};

impl World {
    /// Starts the server again, with a mail server of its own.
    pub async fn restart_with_mail_server(&self) {
        self.post_office.replace(Some(Rc::new(PostOffice::open().await)));
        self.restart_with(&[]).await;
    }

    /// As if an operator had made every account: nobody has to confirm their address.
    pub async fn vouch_for_everybody(&self) {
        self.database.execute("UPDATE accounts SET unproven_since = NULL", &[]).await;
    }

    /// What the mail server does from now on.
    pub fn post_office_is(&self, mood: Mood) {
        self.post_office.borrow().as_ref().unwrap().be(mood);
    }

    /// Sends what waits, and gives every mail that was sent since the last time.
    pub async fn mails(&self) -> Vec<Letter> {
        send_mails(&self.app(), self.now()).await.unwrap();
        match &*self.post_office.borrow() {
            Some(office) => {
                let taken = office.taken();
                let read = self.mails_read.replace(taken.len());
                taken[read..].iter().map(|mail| Letter::read(&mail.message)).collect()
            }
            None => self.mail_files(),
        }
    }

    /// The only mail that was sent since the last time.
    pub async fn mail(&self) -> Letter {
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "{:?}", mails.iter().map(Letter::outline).collect::<Vec<_>>());
        mails.remove(0)
    }

    fn mail_files(&self) -> Vec<Letter> {
        let Ok(folder) = fs::read_dir(self.folder().join("mails")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        files.sort();
        let read = |path: &std::path::PathBuf| {
            let mail = Letter::read(&fs::read_to_string(path).unwrap());
            fs::remove_file(path).unwrap();
            mail
        };
        files.iter().map(read).collect()
    }
}

impl Letter {
    /// To whom it goes, and its subject.
    pub fn outline(&self) -> (String, String) {
        (self.header("To"), self.header("Subject"))
    }

    /// The path of the one-time link in it; both parts hold the same.
    pub fn link(&self, world: &World) -> String {
        let site = world.app().settings.public_url.of("");
        let links: Vec<_> = self.links().into_iter().filter(|link| link.contains("?link=")).collect();
        assert!(links.len() == 2 && links[0] == links[1], "{links:?}");
        links[0].strip_prefix(&site).expect("the link is below the public address").to_owned()
    }
}
