//! A small SMTP server that does as it is told: it takes mails, refuses them, falls silent or hangs up.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Accepting,
    HangingUpAtOnce,
    RefusingRecipients(&'static str),
    RefusingMessages(&'static str),
    HangingUpInData,
    SilentAfterTheDot,
    TakingThenHangingUp,
    /// Never answers where a mail is for this address.
    SilentTo(&'static str),
    /// Takes so many mails and puts off all others.
    TakingAtMost(usize),
    /// Does something else than what is expected at one step.
    Odd(Step, Oddity),
}

/// What the server is to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Connection,
    Hello,
    Sender,
    Recipient,
    Data,
    /// The message with its final dot. Whatever the answer, the message counts as taken only if that says so.
    Message,
}

/// How it answers instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    Saying(&'static str),
    Silence,
    /// A byte now and then.
    Dripping,
    /// A line without end, for a MiB.
    LongLine,
    /// A reply of so many lines that nobody reads them all.
    ManyLines,
    HangingUp,
    /// The right answer, late.
    Slow(std::time::Duration),
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connected,
    Recipient,
    Data,
    /// The final dot is read, its reply not yet written.
    Dot,
    /// The reply to the final dot is written.
    Replied,
    /// Either side has hung up, and all that was sent is read.
    Over,
}

/// Told of every stage, before the server goes on.
pub type Watcher = Arc<dyn Fn(Stage) + Send + Sync>;

/// A mail whose final dot the server saw and answered, or would have answered.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The port it came through.
    pub port: u16,
    pub recipient: String,
    pub message: String,
}

pub struct PostOffice {
    pub port: u16,
    state: Arc<Mutex<State>>,
    listening: JoinHandle<()>,
}

/// Another door of the same post office, for one sender who is watched.
pub struct Counter {
    pub port: u16,
    listening: JoinHandle<()>,
}

struct State {
    mood: Mood,
    taken: Vec<Taken>,
    commands: Vec<String>,
}

impl PostOffice {
    pub async fn open() -> Self {
        let state = Arc::new(Mutex::new(State { mood: Mood::Accepting, taken: Vec::new(), commands: Vec::new() }));
        let (port, listening) = listen(&state, Arc::new(|_| {})).await;
        Self { port, state, listening }
    }

    /// Opens another door, whose conversations `watcher` is told of.
    pub async fn counter(&self, watcher: Watcher) -> Counter {
        let (port, listening) = listen(&self.state, watcher).await;
        Counter { port, listening }
    }

    pub fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The mails after the first `count`.
    pub fn taken_since(&self, count: usize) -> Vec<Taken> {
        self.state.lock().unwrap().taken[count..].to_vec()
    }

    pub fn commands(&self) -> Vec<String> {
        self.state.lock().unwrap().commands.clone()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(state: &Arc<Mutex<State>>, watcher: Watcher) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let state = Arc::clone(state);
    let listening = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (state, watcher) = (Arc::clone(&state), Arc::clone(&watcher));
            tokio::spawn(async move {
                converse(stream, port, state, &watcher).await;
                watcher(Stage::Over);
            });
        }
    });
    (port, listening)
}

/// Ends when either side hangs up.
async fn converse(stream: TcpStream, port: u16, state: Arc<Mutex<State>>, watcher: &Watcher) -> Option<()> {
    let mood = state.lock().unwrap().mood;
    if mood == Mood::HangingUpAtOnce {
        return None;
    }
    watcher(Stage::Connected);
    let mut stream = BufReader::new(stream);
    let mut recipient = String::new();
    be_odd(&mut stream, mood, Step::Connection).await?;
    say(&mut stream, "220 post.example ready").await?;
    loop {
        let line = hear(&mut stream).await?;
        state.lock().unwrap().commands.push(line.clone());
        let verb = line.split(&[' ', ':'][..]).next().unwrap_or_default().to_ascii_uppercase();
        let step = match verb.as_str() {
            "EHLO" => Some(Step::Hello),
            "MAIL" => Some(Step::Sender),
            "RCPT" => Some(Step::Recipient),
            "DATA" => Some(Step::Data),
            _ => None,
        };
        if let Some(step) = step {
            be_odd(&mut stream, mood, step).await?;
        }
        let reply = match verb.as_str() {
            "EHLO" => "250 post.example",
            "RCPT" => {
                watcher(Stage::Recipient);
                recipient = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned();
                if matches!(mood, Mood::SilentTo(address) if address == recipient) {
                    hear(&mut stream).await?;
                }
                if let Mood::RefusingRecipients(reply) = mood { reply } else { "250 ok" }
            }
            "DATA" => {
                watcher(Stage::Data);
                say(&mut stream, "354 go on").await?;
                if mood == Mood::HangingUpInData {
                    hear(&mut stream).await?;
                    return None;
                }
                let message = hear_message(&mut stream).await?;
                be_odd(&mut stream, mood, Step::Message).await?;
                let full = matches!(mood, Mood::TakingAtMost(most) if state.lock().unwrap().taken.len() >= most);
                if let Mood::RefusingMessages(reply) = mood {
                    reply
                } else if full {
                    "452 4.3.1 enough for this hour"
                } else {
                    state.lock().unwrap().taken.push(Taken { port, recipient: recipient.clone(), message });
                    watcher(Stage::Dot);
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
        if reply.ends_with("queued") {
            watcher(Stage::Replied);
        }
        if mood == Mood::TakingThenHangingUp && reply.ends_with("queued") {
            return None;
        }
    }
}

/// Does what the mood has for this step. `None` ends the conversation; after `Some` the usual answer follows.
async fn be_odd(stream: &mut BufReader<TcpStream>, mood: Mood, at: Step) -> Option<()> {
    let Mood::Odd(step, oddity) = mood else { return Some(()) };
    if step != at {
        return Some(());
    }
    match oddity {
        Oddity::Saying(words) => say(stream, words).await?,
        Oddity::Silence | Oddity::HangingUp => {}
        Oddity::Dripping => loop {
            stream.write_all(b"2").await.ok()?;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        },
        // The other side may hang up before it has read it all.
        Oddity::LongLine => drop(say(stream, &format!("250 {}", "x".repeat(1 << 20))).await),
        Oddity::ManyLines => drop(say(stream, &format!("250-{}\r\n", "more ".repeat(180)).repeat(200)).await),
        Oddity::Slow(time) => {
            tokio::time::sleep(time).await;
            return Some(());
        }
    }
    match oddity {
        Oddity::HangingUp => {}
        // Whatever comes is read and left without an answer, until the other side hangs up.
        Oddity::Silence => drop(tokio::io::copy(stream, &mut tokio::io::sink()).await),
        // Until the other side has read it, and says goodbye or hangs up.
        _ => drop(stream.fill_buf().await),
    }
    None
}

async fn say(stream: &mut BufReader<TcpStream>, reply: &str) -> Option<()> {
    stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()
}

/// One line without its CR LF. A line that ends in anything else breaks the test.
async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    if !line.ends_with('\n') {
        return None; // hung up, perhaps in the middle of a line
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
