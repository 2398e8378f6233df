//! Sessions of signed-in people: what they remember, for how long, and how the cookie looks.
//! Anonymous visits make none.

use std::collections::HashMap;

use actix_session::{
    Session, SessionMiddleware,
    config::{BrowserSession, TtlExtensionPolicy},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, Key, SameSite, time::Duration as Age},
    web::Data,
};
use anyhow::anyhow;
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use crate::{
    accounts::{CLOCK_DRIFT, SESSION_IDLE, SESSION_LIFE, SessionDevice, StoredSession, one_time_link},
    app::App,
    audit::Actor,
    tokens::{AccountId, SessionId},
};

/// Sensitive acts ask for the password again after this long.
const PROOF: Duration = Duration::minutes(15);
/// The last use is written at most this often.
const TOUCH: Duration = Duration::minutes(1);
/// How long a page waits for that.
const NOTE: std::time::Duration = std::time::Duration::from_millis(300);

const ACCOUNT: &str = "account";
const EPOCH: &str = "epoch";
const PROVED_AT: &str = "proved_at";
const FORM_KEY: &str = "form_key";
const NAME: &str = "name";
const LATE_FORM: &str = "late_form";
/// Handed to the store with a new session, and not kept in its state.
const CLIENT: &str = "client";
const ADDRESS: &str = "address";

/// What a session remembers. No handler spells a key.
#[derive(Clone)]
pub struct TypedSession(pub Session);

impl TypedSession {
    /// Signs somebody in: a new id, so that one known before is worth nothing.
    /// `epoch` is the account's when its password was checked, `from` is who asks.
    pub fn begin(&self, account: AccountId, epoch: i64, from: &Actor, now: DateTime<Utc>) -> anyhow::Result<()> {
        self.0.renew();
        self.0.insert(ACCOUNT, account.to_string())?;
        self.0.insert(EPOCH, epoch)?;
        self.0.insert(FORM_KEY, one_time_link::generate(&mut crate::random::system()))?;
        self.0.insert(NAME, SessionId::generate(now, &mut crate::random::system()).to_string())?;
        self.0.insert(CLIENT, &from.client)?;
        self.0.insert(ADDRESS, &from.address)?;
        self.prove(now)
    }

    /// Notes that the password was just given.
    pub fn prove(&self, now: DateTime<Utc>) -> anyhow::Result<()> {
        Ok(self.0.insert(PROVED_AT, now.timestamp())?)
    }

    /// Whether the password was given within the last 15 minutes.
    pub fn is_proved(&self, now: DateTime<Utc>) -> bool {
        let proved = self.0.get::<i64>(PROVED_AT).ok().flatten().unwrap_or(i64::MIN);
        (0..=PROOF.num_seconds()).contains(&now.timestamp().saturating_sub(proved))
    }

    /// Who is signed in.
    pub fn account(&self) -> Option<AccountId> {
        self.0.get::<String>(ACCOUNT).ok().flatten().as_deref().and_then(AccountId::parse)
    }

    /// The account's epoch when its password was checked.
    pub fn epoch(&self) -> i64 {
        self.0.get(EPOCH).ok().flatten().unwrap_or_default()
    }

    /// The session's name on its owner's page; none for one that began before names were kept.
    pub fn name(&self) -> Option<SessionId> {
        self.0.get::<String>(NAME).ok().flatten().as_deref().and_then(SessionId::parse)
    }

    /// What binds forms to this session; empty when nobody is signed in.
    pub fn form_key(&self) -> String {
        self.0.get(FORM_KEY).ok().flatten().unwrap_or_default()
    }

    /// Keeps what was typed into a form until its page is shown.
    pub fn keep_late_form(&self, late: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.0.insert(LATE_FORM, late)?)
    }

    /// What was typed into a form that is to be shown again.
    pub fn late_form<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.get(LATE_FORM).ok().flatten()
    }

    /// Forgets what was typed.
    pub fn forget_late_form(&self) {
        if self.0.contains_key(LATE_FORM) {
            self.0.remove(LATE_FORM);
        }
    }

    /// Signs out.
    pub fn end(&self) {
        self.0.purge();
    }

    /// Signs out if it is a session of this account, all of which have just ended.
    pub fn end_if_of(&self, account: AccountId) {
        if self.account() == Some(account) {
            self.end();
        }
    }
}

/// The middleware over our own store. With https the cookie's name binds it to this host.
pub fn middleware(app: &Data<App>) -> SessionMiddleware<DatabaseSessions> {
    let key = Key::from(&*app.settings.master.derive("session cookie"));
    let ttl = BrowserSession::default()
        .state_ttl(Age::seconds(SESSION_IDLE.num_seconds()))
        .state_ttl_extension_policy(TtlExtensionPolicy::OnEveryRequest);
    SessionMiddleware::builder(DatabaseSessions(app.clone()), key)
        .cookie_name(cookie_name(app, "session"))
        .cookie_secure(app.settings.public_url.is_https())
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .session_lifecycle(ttl)
        .build()
}

fn cookie_name(app: &App, what: &str) -> String {
    let prefix = if app.settings.public_url.is_https() { "__Host-" } else { "" };
    format!("{prefix}latchkey-{what}")
}

/// A cookie of ours, unreadable to scripts and not sent along from other sites.
pub fn cookie(app: &App, what: &str, value: String, max_age: Option<Age>) -> Cookie<'static> {
    let mut cookie =
        Cookie::build(cookie_name(app, what), value).path("/").http_only(true).same_site(SameSite::Lax).finish();
    cookie.set_secure(app.settings.public_url.is_https());
    cookie.set_max_age(max_age);
    cookie
}

/// The value of a cookie of ours.
pub fn cookie_value(req: &HttpRequest, app: &App, what: &str) -> Option<String> {
    req.cookie(&cookie_name(app, what)).map(|cookie| cookie.value().to_owned())
}

/// A keyed hash as text, for cookies and forms that only we can have made.
pub fn seal(app: &App, purpose: &str, parts: &[&str]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&*app.settings.master.derive(purpose)).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

/// The session store: ids are kept as SHA-256, states as JSON.
#[derive(Clone)]
pub struct DatabaseSessions(Data<App>);

impl DatabaseSessions {
    async fn keep(&self, state: &HashMap<String, String>) -> anyhow::Result<SessionKey> {
        let mut state = state.clone();
        let text = |key: &str| state.get(key).and_then(|value| serde_json::from_str::<String>(value).ok());
        let account = text(ACCOUNT).as_deref().and_then(AccountId::parse);
        let account = account.ok_or_else(|| anyhow!("a session without an account"))?;
        let name = text(NAME).as_deref().and_then(SessionId::parse);
        let device = SessionDevice {
            name: name.ok_or_else(|| anyhow!("a session without a name"))?,
            client: text(CLIENT).unwrap_or_default(),
            address: text(ADDRESS).unwrap_or_default(),
        };
        state.retain(|key, _| key != CLIENT && key != ADDRESS);
        let id = one_time_link::generate(&mut crate::random::system());
        let now = self.0.clock.now();
        let epoch = state
            .get(EPOCH)
            .and_then(|epoch| epoch.parse().ok())
            .ok_or_else(|| anyhow!("a session without an epoch"))?;
        let session =
            StoredSession { account, epoch, state: serde_json::to_string(&state)?, created_at: now, seen_at: now };
        let mut tx = self.0.store.begin().await?;
        tx.add_session(&hash(&id), &session, &device).await?;
        tx.commit().await?;
        SessionKey::try_from(id).map_err(|_| anyhow!("a session id that is too long"))
    }

    async fn find(&self, key: &SessionKey) -> anyhow::Result<Option<HashMap<String, String>>> {
        let id = hash(key.as_ref());
        let now = self.0.clock.now();
        let Some(session) = self.0.store.session(&id).await? else {
            return Ok(None);
        };
        let (idle, age) = (now - session.seen_at, now - session.created_at);
        if idle.min(age) < -CLOCK_DRIFT {
            // Begun or used while a clock was ahead. It must not come back to life when the time is there.
            self.end(&id).await?;
            return Ok(None);
        }
        if idle > SESSION_IDLE || age > SESSION_LIFE {
            return Ok(None);
        }
        if now - session.seen_at >= TOUCH {
            self.note_use(&id, now).await;
        }
        Ok(Some(serde_json::from_str(&session.state)?))
    }

    /// Notes when a session was last used, as well as it can be done at once: on a full disk, or while somebody else
    /// writes, pages are still drawn. The next page tries again.
    async fn note_use(&self, id: &[u8], now: DateTime<Utc>) {
        let noting = async {
            let mut tx = self.0.store.begin().await?;
            tx.touch_session(id, now).await?;
            tx.commit().await
        };
        match timeout(NOTE, noting).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the use of a session could not be noted"),
            Err(_) => tracing::debug!("the use of a session could not be noted in time"),
        }
    }

    async fn end(&self, id: &[u8]) -> anyhow::Result<()> {
        let mut tx = self.0.store.begin().await?;
        tx.end_session(id).await?;
        Ok(tx.commit().await?)
    }

    async fn update_state(&self, key: &SessionKey, state: &HashMap<String, String>) -> anyhow::Result<()> {
        let mut tx = self.0.store.begin().await?;
        tx.update_session(&hash(key.as_ref()), &serde_json::to_string(state)?).await?;
        Ok(tx.commit().await?)
    }
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

impl SessionStore for DatabaseSessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        self.find(key).await.map_err(LoadError::Other)
    }

    async fn save(&self, state: HashMap<String, String>, _: &Age) -> Result<SessionKey, SaveError> {
        self.keep(&state).await.map_err(SaveError::Other)
    }

    async fn update(
        &self,
        key: SessionKey,
        state: HashMap<String, String>,
        _: &Age,
    ) -> Result<SessionKey, UpdateError> {
        self.update_state(&key, &state).await.map_err(UpdateError::Other)?;
        Ok(key)
    }

    /// The last use is noted when a session is loaded; there is nothing left to do.
    async fn update_ttl(&self, _: &SessionKey, _: &Age) -> anyhow::Result<()> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        self.end(&hash(key.as_ref())).await
    }
}
