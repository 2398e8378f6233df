//! A small SMTP server that does as it is told: it takes mails, refuses them, falls silent or hangs up.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Accepting,
    HangingUpAtOnce,
    RefusingRecipients(&'static str),
    RefusingMessages(&'static str),
    HangingUpInData,
    SilentAfterTheDot,
    TakingThenHangingUp,
}

/// A mail whose final dot the server saw and answered, or would have answered.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) recipient: String,
    pub(super) message: String,
}

pub(super) struct PostOffice {
    pub(super) port: u16,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

struct State {
    mood: Mood,
    taken: Vec<Taken>,
    commands: Vec<String>,
}

impl PostOffice {
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood: Mood::Accepting, taken: Vec::new(), commands: Vec::new() }));
        let shared = Arc::clone(&state);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, listening }
    }

    pub(super) fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Ends when either side hangs up.
async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mood = state.lock().unwrap().mood;
    if mood == Mood::HangingUpAtOnce {
        return None;
    }
    let mut stream = BufReader::new(stream);
    let mut recipient = String::new();
    say(&mut stream, "220 post.example ready").await?;
    loop {
        let line = hear(&mut stream).await?;
        state.lock().unwrap().commands.push(line.clone());
        let verb = line.split(&[' ', ':'][..]).next().unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => "250 post.example",
            "RCPT" => {
                recipient = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                if let Mood::RefusingRecipients(reply) = mood { reply } else { "250 ok" }
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                if mood == Mood::HangingUpInData {
                    hear(&mut stream).await?;
                    return None;
                }
                let message = hear_message(&mut stream).await?;
                if let Mood::RefusingMessages(reply) = mood {
                    reply
                } else {
                    state.lock().unwrap().taken.push(Taken { recipient: recipient.clone(), message });
                    if mood == Mood::SilentAfterTheDot {
                        hear(&mut stream).await?;
                    }
                    "250 2.0.0 queued"
                }
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        say(&mut stream, reply).await?;
        if mood == Mood::TakingThenHangingUp && reply.ends_with("queued") {
            return None;
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, reply: &str) -> Option<()> {
    stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()
}

/// One line without its CR LF. A line that ends in anything else breaks the test.
async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    if length == 0 {
        return None;
    }
    let line = line.strip_suffix("\r\n").expect("every line ends in CR LF");
    assert!(!line.contains('\r'), "a bare CR on the wire: {line:?}");
    Some(line.to_owned())
}

async fn hear_message(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut message = String::new();
    loop {
        let line = hear(stream).await?;
        assert!(line.is_ascii() && line.len() <= 998, "not fit for every server: {line:?}");
        if line == "." {
            return Some(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
        message.push_str("\r\n");
    }
}
