//! What a claimed mail has to say at this moment, if anything: read in the change that fixes its content.

use chrono::{DateTime, Utc};

use crate::{
    accounts::Account,
    notifications::{ClaimedMail, MailContent, MailKind},
    store::{Result, Transaction, readable},
};

impl Transaction {
    /// What a claimed mail has to say; `link` is the hash of the link it would carry. If there is nothing, the mail is
    /// dropped. Whether an address belongs to anybody is asked here and not where it was typed, so that no answer and
    /// no waiting tells a stranger.
    pub async fn mail_content(
        &mut self,
        mail: &ClaimedMail,
        link: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<MailContent>> {
        // From its first attempt on the mail's link may be out; once that is dead, the mail is worth nothing.
        let dead = mail.content.is_some() && !self.link_is_good(link, now).await?;
        let mail_content = match mail.kind {
            MailKind::End(notice) => {
                let account = self.owner(mail).await?;
                let ends = self.ends_to_tell(mail.id, notice, &account, now).await?;
                (!ends.is_empty()).then_some(MailContent::Ends(notice, account, ends))
            }
            MailKind::PasswordReset if dead => None,
            MailKind::PasswordReset => self.enabled_account_of(&mail.recipient).await?.map(MailContent::PasswordReset),
            MailKind::Invitation => {
                let account = self.owner(mail).await?;
                let can_choose = account.password_hash.is_none() && account.disabled_at.is_none();
                let waits = can_choose && account.email == mail.recipient && !dead;
                waits.then_some(MailContent::Invitation(account))
            }
            MailKind::SignUp => self.owed_to_sign_up(mail, link, now).await?,
            MailKind::ConfirmAddress => {
                let account = self.owner(mail).await?;
                (account.email == mail.recipient && !dead).then_some(MailContent::ConfirmAddress(account))
            }
            MailKind::NewAddress => self.owed_to_new_address(mail, dead).await?,
            MailKind::AccountDeleted => Some(MailContent::AccountDeleted),
            MailKind::Happened => {
                let events = self.security_notifications_in(mail.id).await?;
                (!events.is_empty()).then_some(MailContent::Happened(self.owner(mail).await?, events))
            }
        };
        if mail_content.is_none() {
            self.drop_mail(mail).await?;
        }
        Ok(mail_content)
    }

    async fn owner(&mut self, mail: &ClaimedMail) -> Result<Account> {
        let account = readable(mail.account, "mails.account")?;
        readable(self.account(account).await?, "mails.account")
    }

    async fn enabled_account_of(&mut self, address: &str) -> Result<Option<Account>> {
        Ok(self.account_of_address(address).await?.filter(|account| account.disabled_at.is_none()))
    }

    /// Nothing, once the account is not to get this address any more.
    async fn owed_to_new_address(&mut self, mail: &ClaimedMail, dead: bool) -> Result<Option<MailContent>> {
        let account = self.owner(mail).await?;
        let asked = self.asked_address(account.id).await?;
        if !asked.is_some_and(|asked| asked.eq_ignore_ascii_case(&mail.recipient)) {
            return Ok(None);
        }
        let other = self.account_of_address(&mail.recipient).await?;
        Ok(other.map(MailContent::AlreadyThere).or((!dead).then_some(MailContent::NewAddress(account))))
    }

    async fn owed_to_sign_up(
        &mut self,
        mail: &ClaimedMail,
        link: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<MailContent>> {
        if let Some(account) = self.account_of_address(&mail.recipient).await? {
            return Ok(Some(MailContent::AlreadyThere(account)));
        }
        let waits = self.link_is_good(link, now).await? && self.sign_up(link).await?.is_some();
        Ok(waits.then_some(MailContent::SignUp))
    }
}
