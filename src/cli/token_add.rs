//! `latchkey token add`: what the form of a new token asks for, as options.

use anyhow::{Context, bail};
use clap::{Args, builder::PossibleValuesParser};

use super::{account_named, say};
use crate::{
    accounts::Account,
    app::App,
    audit::Actor,
    tokens::{
        FeedId, FormId, Issued, TokenField, TokenId, TokenSettings,
        draft::{Draft, FeedChoice, FieldError, Rules},
        preset::{Kinds, Preset},
    },
};

/// The options of the command.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Username of the account it belongs to
    #[arg(long)]
    account: String,
    /// What will use it; without it, the token is called by its kind and the day
    #[arg(long, default_value = "")]
    name: String,
    /// Where the key will live
    #[arg(long, default_value = "")]
    note: String,
    /// Permissions, separated by commas: nuget:pull, nuget:push, nuget:push-version, nuget:delete, the same of npm,
    /// container:pull, container:push, container:delete, api:read, api:manage, api:introspect
    #[arg(long, required_unless_present = "preset", conflicts_with = "preset")]
    allow: Option<String>,
    /// A ready-made choice of permissions instead
    #[arg(long, value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::as_str)))]
    preset: Option<String>,
    /// The kind of packages that the preset is for
    #[arg(
        long,
        requires = "preset",
        default_value = "nuget",
        value_parser = PossibleValuesParser::new(Kinds::ALL.map(Kinds::as_str))
    )]
    kind: String,
    /// Package patterns such as 'Contoso.*', separated by commas
    #[arg(long)]
    packages: String,
    /// Lifetime in days such as 90d, a date such as 2027-02-21, or never
    #[arg(long)]
    expires_in: String,
    /// With a lifetime in days: end on a weekday morning instead
    #[arg(long)]
    morning: bool,
    /// Limit it to this feed (may be given more than once)
    #[arg(long)]
    feed: Vec<String>,
}

impl Arguments {
    /// Adds the token and prints its secret.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let account = account_named(&app.store, &self.account).await?;
        let new = self.new_token(app, &account).await?;
        let (now, rng) = (app.clock.now(), &mut crate::random::system());
        let token = new.into_token(TokenId::generate(now, rng), account.id, now);
        let form = FormId::generate(now, rng).to_string();
        match app.store.create_token(token, &form, &Actor::host("latchkey token add"), now).await? {
            Issued::Secret(secret) => say(secret.reveal()),
            Issued::AlreadyDone(_) | Issued::Stale => bail!("the token was not made; try again"),
        }
        Ok(())
    }

    async fn new_token(self, app: &App, account: &Account) -> anyhow::Result<TokenSettings> {
        let memberships = app.store.feeds_of(account.id).await?;
        let reachable: Vec<FeedId> = memberships.iter().map(|membership| membership.feed.id).collect();
        let (zone, max_days) = (account.time_zone, app.settings.max_token_days);
        let rules = Rules { now: app.clock.now(), zone, max_days, feeds: &reachable, by_operator: true };
        let mut draft = self.draft(app).await?;
        if draft.is_unnamed() {
            draft.name = app.store.free_token_name(account.id, &draft.default_name(&rules)).await?;
        }
        let new = draft.new_token(&rules).map_err(|errors| told(&errors))?;
        let pasted = app.legacy.in_draft(&app.store, &draft).await?;
        if pasted.is_empty() { Ok(new) } else { Err(told(&pasted)) }
    }

    async fn draft(self, app: &App) -> anyhow::Result<Draft> {
        let allow = self.allow.unwrap_or_default();
        let scopes = allow.split([' ', ',']).filter(|scope| !scope.is_empty());
        Ok(Draft {
            scopes: scopes.map(str::to_owned).collect(),
            feeds: feeds(app, &self.feed).await?,
            name: self.name,
            note: self.note,
            preset: self.preset.unwrap_or_default(),
            kinds: self.kind,
            patterns: self.packages.replace(',', "\n"),
            expires: self.expires_in,
            weekday_morning: self.morning,
        })
    }
}

async fn feeds(app: &App, names: &[String]) -> anyhow::Result<FeedChoice> {
    if names.is_empty() {
        return Ok(FeedChoice::All);
    }
    let mut ids = Vec::new();
    for name in names {
        let found = app.store.feed(name, None).await?.with_context(|| format!("there is no feed “{name}”"))?;
        ids.push(found.feed.id.to_string());
    }
    Ok(FeedChoice::Some(ids))
}

/// Everything that is wrong, a line for each, with the option it is about.
fn told(errors: &[FieldError]) -> anyhow::Error {
    let lines: Vec<_> = errors.iter().map(|error| format!("{}: {error}", option(error.field))).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

fn option(field: Option<TokenField>) -> &'static str {
    match field {
        None => "the token",
        Some(TokenField::Name) => "--name",
        Some(TokenField::Note) => "--note",
        Some(TokenField::Permissions) => "--allow",
        Some(TokenField::Patterns) => "--packages",
        Some(TokenField::Feeds) => "--feed",
        Some(TokenField::End) => "--expires-in",
    }
}
