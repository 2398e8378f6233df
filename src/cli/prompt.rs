//! Secrets that a command needs: typed at a terminal, where they are not shown, or read from standard input.

use std::io::{IsTerminal, Read};

use anyhow::{Context, bail, ensure};

use crate::config::SecretText;

/// Bytes read of a secret at most.
const LONGEST: u64 = 4096;

/// A new password: on a terminal it is asked for twice.
pub(super) fn new_password() -> anyhow::Result<SecretText> {
    if !std::io::stdin().is_terminal() {
        return from_stdin("password");
    }
    let password = ask("Password: ")?;
    let again = ask("Password again: ")?;
    ensure!(password == again, "the two passwords differ; nothing was changed");
    Ok(SecretText::new(password))
}

/// The secret of a token that there is.
pub(super) fn token_secret() -> anyhow::Result<SecretText> {
    if std::io::stdin().is_terminal() { ask("Token: ").map(SecretText::new) } else { from_stdin("secret") }
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    let text = rpassword::prompt_password(prompt).context("nothing could be read from the terminal")?;
    ensure!(!text.is_empty(), "nothing was typed; nothing was changed");
    Ok(text)
}

/// Reads a secret from standard input, without the line end.
fn from_stdin(what: &str) -> anyhow::Result<SecretText> {
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .with_context(|| format!("the {what} could not be read from standard input"))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        bail!("give the {what} on standard input");
    }
    Ok(SecretText::new(text))
}
