//! Accounts, feeds and tokens, made past the portal.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use latchkey::{
    accounts::{NewAccount, Registration},
    audit::Actor,
    random,
    store::{Made, Transaction},
    tokens::{
        AccountId, FeedId, Feeds, FormId, Issued, Patterns, Permissions, Token, TokenId, TokenSettings, decision::Role,
        lifecycle::refresh,
    },
};

use super::world::World;

/// A token with its secret.
#[derive(Clone)]
pub struct Key {
    pub text: String,
    pub token: Token,
}

/// Who does all this.
fn host() -> Actor {
    Actor::host("test")
}

impl World {
    /// An account in Berlin.
    pub async fn account(&self, name: &str) -> AccountId {
        self.account_in(name, chrono_tz::Europe::Berlin).await
    }

    /// An account that lives in a time zone.
    pub async fn account_in(&self, name: &str, time_zone: Tz) -> AccountId {
        let new = NewAccount {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            password_hash: Some("none".to_owned()),
            time_zone,
            operator: false,
            vouched: true,
            max_token_days: None,
        };
        let mut tx = self.tx().await;
        let made = tx.add_account(&new, &host(), self.now()).await.unwrap();
        tx.commit().await.unwrap();
        let Registration::Made(id) = made else { panic!("{made:?}") };
        id
    }

    /// Begins to write.
    pub async fn tx(&self) -> Transaction {
        self.store().begin().await.unwrap()
    }

    /// Disables an account, or enables it.
    pub async fn set_account_disabled(&self, account: AccountId, disabled: bool) {
        let mut tx = self.tx().await;
        tx.set_disabled(account, disabled, &host(), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A feed and its first owner.
    pub async fn feed(&self, name: &str, public: bool, owner: AccountId) -> FeedId {
        let mut tx = self.tx().await;
        let made = tx.add_feed(name, public, owner, &host(), self.now()).await.unwrap();
        tx.commit().await.unwrap();
        made.unwrap()
    }

    /// Gives an account a role in a feed.
    pub async fn member(&self, feed: (&str, FeedId), account: AccountId, role: Role) {
        let mut tx = self.tx().await;
        tx.set_member(feed.1, feed.0, account, role, &host(), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A key for 90 days and all feeds.
    pub async fn key(&self, account: AccountId, permissions: &str, patterns: &str) -> Key {
        self.key_for(account, permissions, patterns, Feeds::All, Some(Duration::days(90))).await
    }

    /// A key for some feeds; without a life it never ends.
    pub async fn key_for(
        &self,
        account: AccountId,
        permissions: &str,
        patterns: &str,
        feeds: Feeds,
        life: Option<Duration>,
    ) -> Key {
        let new = TokenSettings {
            patterns: Patterns::parse(&patterns.replace(' ', "\n")).unwrap(),
            feeds,
            expires_at: life.map(|life| self.now() + life),
            ..TokenSettings::for_everything("ci", Permissions::parse(permissions).unwrap())
        };
        self.create(account, new).await
    }

    /// A token that lives for 30 days from now.
    pub async fn token(&self, account: AccountId, name: &str) -> TokenId {
        self.token_with(account, name, "build server in room 3", Duration::days(30)).await.0
    }

    /// A token with a name and a note, and its secret.
    pub async fn token_with(&self, account: AccountId, name: &str, note: &str, life: Duration) -> (TokenId, String) {
        let new = TokenSettings {
            note: note.to_owned(),
            patterns: Patterns::parse("Contoso.*").unwrap(),
            expires_at: Some(self.now() + life),
            ..TokenSettings::for_everything(name, Permissions::parse("nuget:push,nuget:pull").unwrap())
        };
        let key = self.create(account, new).await;
        (key.token.id, key.text)
    }

    async fn create(&self, account: AccountId, new: TokenSettings) -> Key {
        let now = self.now();
        let token = new.into_token(TokenId::generate(now, &mut random::system()), account, now);
        let issued = self.store().create_token(token.clone(), &form(now), &host(), now).await.unwrap();
        key_of(issued, token)
    }

    /// A new secret for a key's token, which ends when it would have.
    pub async fn refreshed(&self, key: &Key) -> Key {
        let token = Token { version: key.token.version + 1, ..key.token.clone() };
        let issued = self.store().refresh_token(token.clone(), &form(self.now()), &host(), self.now()).await.unwrap();
        key_of(issued, token)
    }

    /// A new secret for a token, whose life begins anew or goes on.
    pub async fn refresh(&self, token: TokenId, restart: bool) {
        let now = self.now();
        let token = refresh(&self.read(token).await, restart, now, None).unwrap();
        let issued = self.store().refresh_token(token, &form(now), &host(), now).await.unwrap();
        assert!(matches!(issued, Issued::Secret(_)), "{issued:?}");
    }

    /// The token as it is stored.
    pub async fn read(&self, token: TokenId) -> Token {
        self.store().token(token).await.unwrap().unwrap()
    }

    /// Revokes a token.
    pub async fn revoke(&self, token: TokenId) {
        let token = self.read(token).await;
        self.store().revoke_token(&token, Made::Too, &host(), self.now()).await.unwrap();
    }

    /// Deletes a token.
    pub async fn delete(&self, token: TokenId) {
        let token = self.read(token).await;
        self.store().delete_token(&token, &host(), self.now()).await.unwrap();
    }

    /// Turns a token off.
    pub async fn deactivate(&self, token: TokenId) {
        let token = self.read(token).await;
        self.store().deactivate_token(&token, &host(), self.now()).await.unwrap();
    }

    /// Turns a token on again.
    pub async fn reactivate(&self, token: TokenId) {
        let token = self.read(token).await;
        self.store().reactivate_token(&token, &host(), self.now()).await.unwrap();
    }

    /// Lets a token end earlier.
    pub async fn bring_forward(&self, token: TokenId, end: DateTime<Utc>) {
        let old = self.read(token).await;
        let edit = TokenSettings { expires_at: Some(end), ..old.settings.clone() };
        let new = edit.replace_in(&old, self.now()).unwrap();
        self.store().edit_token(&new, &host(), self.now()).await.unwrap();
    }
}

fn key_of(issued: Issued, token: Token) -> Key {
    let Issued::Secret(secret) = issued else { panic!("{issued:?}") };
    Key { text: secret.reveal().to_owned(), token: Token { hint: Some(secret.hint().to_owned()), ..token } }
}

fn form(now: DateTime<Utc>) -> String {
    FormId::generate(now, &mut random::system()).to_string()
}
