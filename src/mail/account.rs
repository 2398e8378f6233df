//! What each mail says: those by which somebody gets into an account and keeps its address here, one function each.

use super::{
    Unwritable,
    action::{ActionMail, Envelope},
    end_notice::{Ending, end_notice},
    security::security_mail,
};
use crate::{
    accounts::one_time_link::{confirm_path, password_path},
    notifications::MailContent,
};

/// The whole message of any mail. `secret` is the one of the link it holds, if it holds one.
pub fn write(to: &Envelope<'_>, content: &MailContent, secret: &str) -> Result<String, Unwritable> {
    match content {
        MailContent::Ends(notice, account, ends) => {
            let ends: Vec<_> =
                ends.iter().map(|one| Ending { token: &one.token, expires_at: one.expires_at }).collect();
            end_notice(to, *notice, account, &ends)
        }
        MailContent::PasswordReset(account) => password_reset(to, &account.username, &password_path(secret)),
        MailContent::Invitation(account) => invitation(to, &account.username, &password_path(secret)),
        MailContent::SignUp => sign_up(to, &confirm_path(secret)),
        MailContent::AlreadyThere(account) => already_there(to, &account.username),
        MailContent::ConfirmAddress(account) => confirm_address(to, &account.username, &confirm_path(secret)),
        MailContent::NewAddress(_) => new_address(to, &confirm_path(secret)),
        MailContent::AccountDeleted => account_deleted(to),
        MailContent::Happened(account, events) => security_mail(to, account, events),
    }
}

const FOR_A_DAY: &str = "The link works once, for 24 hours.";

/// Somebody asked for a new password; `path` leads to its form.
fn password_reset(to: &Envelope<'_>, username: &str, path: &str) -> Result<String, Unwritable> {
    let host = to.host();
    let mail = ActionMail {
        username: Some(username),
        subject: "Set a new password",
        said: format!("Somebody, most likely you, asked for a new password for your account {username} on {host}."),
        button: "Set a new password",
        path,
        after: &[
            "The link works once, for 30 minutes. Opening it changes nothing yet.",
            "If you did not ask for it, do nothing: your password stays as it is.",
        ],
    };
    mail.write(to)
}

/// An operator made an account for whoever has this address.
fn invitation(to: &Envelope<'_>, username: &str, path: &str) -> Result<String, Unwritable> {
    let mail = ActionMail {
        username: Some(username),
        subject: "Choose your password",
        said: format!("An operator of {} made the account {username} for you. Choose a password to use it.", to.host()),
        button: "Choose a password",
        path,
        after: &[
            "The link works once, for seven days. Opening it changes nothing yet.",
            "If you do not know what this is about, do nothing: nobody can use the account.",
        ],
    };
    mail.write(to)
}

/// Somebody gave this address for a new account.
fn sign_up(to: &Envelope<'_>, path: &str) -> Result<String, Unwritable> {
    let mail = ActionMail {
        username: None,
        subject: "Confirm your address",
        said: format!(
            "This address was given for a new account on {}. Confirm that it is yours, and the account is made.",
            to.host()
        ),
        button: "Confirm and create the account",
        path,
        after: &[
            "The link works once, for 24 hours, and asks for the password that was chosen at sign-up. Forgotten it already? Sign up again.",
            "If you did not ask for an account, do nothing: none is made.",
        ],
    };
    mail.write(to)
}

/// Somebody gave this address, to sign up or as their new one, and it belongs to an account already.
fn already_there(to: &Envelope<'_>, username: &str) -> Result<String, Unwritable> {
    let forgotten = format!("If you have forgotten your password, ask for a new one: {}", to.public_url.of("/forgot"));
    let mail = ActionMail {
        username: Some(username),
        subject: "You already have an account",
        said: format!(
            "This address was just given for an account on {}. It belongs to your account {username} already, so nothing was changed.",
            to.host()
        ),
        button: "Sign in",
        path: "/sign-in",
        after: &[
            &forgotten,
            "If it was not you, do nothing. Whoever it was has not been told that you have an account.",
        ],
    };
    mail.write(to)
}

/// Asks the owner of an account to confirm its address.
fn confirm_address(to: &Envelope<'_>, username: &str, path: &str) -> Result<String, Unwritable> {
    let mail = ActionMail {
        username: Some(username),
        subject: "Confirm your address",
        said: format!("Please confirm that mails for your account {username} on {} arrive here.", to.host()),
        button: "Confirm this address",
        path,
        after: &[FOR_A_DAY, "If this is not your account, do nothing."],
    };
    mail.write(to)
}

/// Asks the owner of an account to confirm the address it is to have from now on.
fn new_address(to: &Envelope<'_>, path: &str) -> Result<String, Unwritable> {
    let mail = ActionMail {
        username: None,
        subject: "Confirm your new address",
        said: format!(
            "Your account on {} is to use this address from now on. Until you confirm it, mails go to the old one.",
            to.host()
        ),
        button: "Use this address",
        path,
        after: &[
            FOR_A_DAY,
            "It ends every session: you sign in again afterwards.",
            "If this is not your account, do nothing.",
        ],
    };
    mail.write(to)
}

/// Tells somebody that those who run the host deleted their account.
fn account_deleted(to: &Envelope<'_>) -> Result<String, Unwritable> {
    let host = to.host();
    let mail = ActionMail {
        username: None,
        subject: "Your account was deleted",
        said: format!(
            "Those who run {host} deleted the account that had this address. Its access tokens are refused from now on, and nobody can sign in to it. What it published stays."
        ),
        button: "Open the host",
        path: "/",
        after: &["If you did not expect this, ask those who run the host. This is the last mail about the account."],
    };
    mail.write(to)
}
