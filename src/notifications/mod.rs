//! Notifications: what an owner is told by mail, when it is due, and why it is no longer owed.

mod cancel_reason;
pub mod end_notice;
mod mail;
mod queue;
mod reminders;
mod security;

pub use self::{
    cancel_reason::{CancelReason, warning_cancel_reason},
    mail::{ClaimedMail, InvitationWay, MailContent, MailKind, NewMail, Undelivered},
    queue::{MailQueue, MailState, QueuedMail},
    reminders::Reminders,
    security::SecurityNotification,
};
