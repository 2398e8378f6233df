//! The forms, and who sends what in each.

use chrono::Duration;
use latchkey::{
    audit::Actor,
    tokens::{Kind, Permission, Verb, decision::Role},
};

use super::{Cut, every_form_has_a_row, remember};
use crate::{
    portal::{narrow_token::worked, operator::id_of},
    support::{
        page::{Form, Page},
        person::{Browser, newest_token},
        wire::call,
        world::{World, password_of},
    },
};

/// A form, and what its sender must be.
pub(super) struct Row {
    /// Its address in the table of routes.
    pub(super) address: &'static str,
    /// The page that shows it.
    pub(super) page: String,
    /// Where it is sent to.
    pub(super) action: String,
    /// What is typed into it.
    pub(super) typed: Vec<(&'static str, String)>,
    pub(super) sender: Sender,
    /// Whether the database is another after it was sent.
    pub(super) changes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sender {
    Anybody,
    Operator,
    /// An owner of the feed `team`.
    Owner,
}

/// Asks `ada`, on behalf of `bo`, to own a feed too; the invitation.
async fn invited(world: &World, feed: &str) -> String {
    let app = world.app();
    let named = async |username: &str| app.store.account_named(username).await.unwrap().unwrap().id;
    let (ada, bo) = (named("ada").await, named("bo").await);
    let feed = app.store.feed(feed, Some(bo)).await.unwrap().unwrap().feed;
    let mut tx = app.store.begin().await.unwrap();
    tx.invite_owner((&feed, None), (ada, bo), &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let asked = "SELECT i.id FROM owner_invitations i JOIN feeds f ON f.id = i.feed WHERE f.name = $1";
    world.database.text(asked, &[&feed.name]).await
}

/// The page that lets an npm in which waits.
async fn waiting_npm(world: &World) -> String {
    let begun = call(world.address(), "POST /feeds/main/npm/-/v1/login", &[], b"{}").await.json();
    let address = begun["loginUrl"].as_str().unwrap().to_owned();
    address[address.find("/settings/").unwrap()..].to_owned()
}

fn row(address: &'static str, page: &str, typed: &[(&'static str, &str)]) -> Row {
    let typed = typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let page = page.to_owned();
    Row { address, action: page.clone(), page, typed, sender: Sender::Anybody, changes: true }
}

impl Row {
    fn on(self, page: &str) -> Self {
        Self { page: page.to_owned(), ..self }
    }

    fn by(self, sender: Sender) -> Self {
        Self { sender, ..self }
    }

    fn changing_nothing(self) -> Self {
        Self { changes: false, ..self }
    }

    pub(super) async fn form(&self, browser: &Browser) -> Form {
        let form = self.form_on(&browser.get(&self.page).await);
        self.typed.iter().fold(form, |form, (name, value)| form.set(name, value))
    }

    /// The form as a page shows it.
    pub(super) fn form_on(&self, page: &Page) -> Form {
        // Both are buttons of another form.
        let shown = match self.action.rsplit_once('/') {
            Some((_, "preview")) => "/settings/tokens",
            Some((_, "dismiss")) => "/settings/tokens/dismiss",
            _ => &self.action,
        };
        Form { action: self.action.clone(), ..page.form(shown) }
    }

    pub(super) fn cuts(&self) -> Vec<Cut> {
        let mut cuts = vec![Cut::PasswordChanged, Cut::EndedFromElsewhere, Cut::SignedOut, Cut::Disabled];
        cuts.extend((self.sender == Sender::Operator).then_some(Cut::Demoted));
        cuts.extend((self.sender == Sender::Owner).then_some(Cut::RoleRemoved));
        cuts
    }
}

/// `ada` runs the host, owns the feed `team` and has a token for everything that can be done with one; the rows in an
/// order in which none is in another's way.
pub(super) async fn table(world: &World) -> (Browser, Vec<Row>) {
    let publisher = world.publisher("ada").await;
    for username in ["bo", "cy", "dee", "olga"] {
        world.sign_up(username).await;
    }
    world.make_operator("ada").await;
    world.make_operator("olga").await;
    world.add_feed("team", "ada", false).await;
    for version in ["1.0.0", "1.1.0"] {
        publisher.pushes("team", "Contoso.Core", version).await;
    }
    world.set_role("team", "bo", Some(Role::Writer)).await;
    world.set_role("team", "olga", Some(Role::Owner)).await; // so that ada can stop being one
    let owner = "INSERT INTO package_owners (package, account, since)
         SELECT p.id, a.id, 1 FROM packages p, accounts a WHERE p.name = 'Contoso.Core' AND a.username = 'cy'";
    world.database.execute(owner, &[]).await;
    let browser = &publisher.browser;
    for name in ["edit", "refresh", "pause", "revoke", "delete", "try", "several", "end", "off"] {
        browser.key(world, name).await;
    }
    let address = "INSERT INTO symbols_addresses (token, hash, created_at)
         SELECT t.id, s.hash, 1 FROM tokens t JOIN token_secrets s ON s.token = t.id WHERE t.name = 'several'";
    world.database.execute(address, &[]).await;
    let image = "INSERT INTO container_images (feed, repository, tag, digest, size, pushed_at, pushed_by, pulls)
         SELECT id, 'team/app', 'v1', 'sha256:aa', 1, 1, 'ada', 0 FROM feeds WHERE name = 'team'";
    let repository =
        "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions,
             downloads, created_at, newest, package_types)
         SELECT t.id, f.id, 'container', 'team/app', 'team/app', '', 1, 1, 0, 1, 'v1', '' FROM feeds f, tokens t
         WHERE f.name = 'team' AND t.name = 'several'";
    for sql in [image, repository] {
        world.database.execute(sql, &[]).await;
    }
    browser.key_for(world, "over", "1").await;
    browser.key_for(world, "over too", "1").await;
    browser.key_for(world, "over three", "1").await;
    let wide = browser.key_with(world, "wide", |form| form.set("patterns", "*")).await;
    world.database.execute("UPDATE tokens SET deactivated_at = 1 WHERE name = 'off'", &[]).await;
    world.pass(Duration::days(30));
    worked(world, &wide, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    let (ada, other) = (world.sign_in("ada").await, world.browser().from(ELSEWHERE));
    other.sign_in("ada", &password_of("ada")).await;
    let session = world.database.text("SELECT name FROM sessions WHERE address = $1", &[ELSEWHERE]).await;
    let mut ids = Vec::new();
    for username in ["bo", "cy", "dee", "olga"] {
        ids.push(id_of(world, username).await);
    }
    let device = "SELECT MIN(id) FROM devices WHERE address = $1";
    let device = format!("/settings/devices/{}/forget", world.database.text(device, &[ELSEWHERE]).await);
    let mut invitations = Vec::new();
    for feed in ["pals", "mates"] {
        world.add_feed(feed, "bo", false).await;
        invitations.push(format!("/settings/invitations/{}", invited(world, feed).await));
    }
    let mut token = std::collections::BTreeMap::new();
    for name in ["edit", "refresh", "pause", "revoke", "delete", "try", "several", "end", "off", "over", "wide"] {
        token.insert(name, format!("/settings/tokens/{}", newest_token(world, name).await));
    }
    let (at, id) = (|name: &str, verb: &str| format!("{}/{verb}", token[name]), |path: &str| path[17..].to_owned());
    let package = "/feeds/team/packages/nuget/Contoso.Core";
    let account = |who: usize, verb: &str| format!("/operator/accounts/{}/{verb}", ids[who]);
    use Sender::{Operator, Owner};
    let several = id(&token["several"]);
    let rows = vec![
        // Account
        row("/settings/profile", "/settings/profile", &[("zone", "Europe/Vienna")]),
        row("/settings/profile/confirm", "/settings/profile/confirm", &[]).on("/settings/profile"),
        row(
            "/settings/profile/address",
            "/settings/profile/address",
            &[("email", "ada@elsewhere.example"), ("password", &password_of("ada"))],
        )
        .on("/settings/profile"),
        row("/settings/npm-login/{feed}/{code}", &waiting_npm(world).await, &[]),
        row("/settings/profile/address/withdraw", "/settings/profile/address/withdraw", &[]).on("/settings/profile"),
        row("/settings/notifications", "/settings/notifications", &[("thirty_days", "yes")]),
        row("/settings/calendar", "/settings/calendar", &[]),
        row("/settings/calendar/end", "/settings/calendar/end", &[]).on("/settings/calendar"),
        // Tokens
        row(
            "/settings/tokens",
            "/settings/tokens",
            &[("name", "New & <b>"), ("note", "In the vault."), ("preset", "read"), ("patterns", "Contoso.*")],
        )
        .on("/settings/tokens/new"),
        row("/settings/tokens/preview", "/settings/tokens/preview", &[("patterns", "Contoso.*")])
            .on("/settings/tokens/new")
            .changing_nothing(),
        row("/settings/tokens/{id}/dismiss", &at("over", "dismiss"), &[]).on("/settings/tokens"),
        row("/settings/tokens/dismiss", "/settings/tokens/dismiss", &[]).on("/settings/tokens"),
        row("/settings/tokens/{id}/try", &at("try", "try"), &[("package", "Contoso.Core")])
            .on(&token["try"])
            .changing_nothing(),
        row("/settings/tokens/{id}/add", &at("try", "add"), &[])
            .on(&format!("{}/add?pattern=Fabrikam.Core", token["try"])),
        row("/settings/tokens/{id}/narrow", &at("wide", "narrow"), &[]),
        row("/settings/tokens/{id}/edit", &at("edit", "edit"), &[("name", "Edited"), ("patterns", "Fabrikam.*")]),
        row("/settings/tokens/{id}/refresh", &at("refresh", "refresh"), &[("lifetime", "restart")]),
        row("/settings/tokens/{id}/symbols", &at("try", "symbols"), &[]),
        row("/settings/tokens/{id}/symbols/end", &at("several", "symbols/end"), &[]).on(&at("several", "symbols")),
        row("/settings/tokens/{id}/deactivate", &at("pause", "deactivate"), &[("until", "1h")]),
        row("/settings/tokens/{id}/reactivate", &at("off", "reactivate"), &[]),
        row("/settings/tokens/{id}/revoke", &at("revoke", "revoke"), &[]),
        row("/settings/tokens/{id}/delete", &at("delete", "delete"), &[]),
        row("/settings/tokens/selected", "/settings/tokens/selected", &[])
            .on(&format!("/settings/tokens/selected?step=revoke&token={several}")),
        row("/settings/tokens/freeze", "/settings/tokens/freeze", &[]),
        row("/settings/tokens/unfreeze", "/settings/tokens/unfreeze", &[]),
        // Feeds and packages
        row("/feeds/{feed}/access", "/feeds/team/access", &[("readers", "public")]).by(Owner),
        row("/feeds/{feed}/members", "/feeds/team/members", &[("username", "cy"), ("role", "writer")]).by(Owner),
        row("/feeds/{feed}/members/{account}", &format!("/feeds/team/members/{}", ids[1]), &[("role", "owner")])
            .by(Owner),
        row("/feeds/{feed}/invitations/{id}/withdraw", "/feeds/team/invitations/{invitation}/withdraw", &[])
            .on("/feeds/team/members")
            .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners",
            &format!("{package}/-/owners"),
            &[("username", "bo")],
        )
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/invitations/{invitation}/withdraw",
            &format!("{package}/-/invitations/{{invitation}}/withdraw"),
            &[],
        )
        .on(&format!("{package}/-/owners"))
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners/{account}",
            &format!("{package}/-/owners/{}", ids[1]),
            &[],
        )
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/deprecation",
            &format!("{package}/-/deprecation"),
            &[("versions", "1.0.0"), ("message", "Old.")],
        )
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/deprecation/lift",
            &format!("{package}/-/deprecation/lift"),
            &[("lifted", "1.0.0")],
        )
        .on(&format!("{package}/-/deprecation"))
        .by(Owner),
        row("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/unlist", &format!("{package}/-/1.0.0/unlist"), &[])
            .by(Owner),
        row("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/relist", &format!("{package}/-/1.0.0/relist"), &[])
            .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}/remove",
            &format!("{package}/-/1.1.0/remove"),
            &[("number", "1.1.0")],
        )
        .by(Operator),
        row(
            "/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}/remove",
            "/feeds/team/packages/container/app/-/v1/remove",
            &[],
        )
        .by(Owner),
        row("/settings/invitations/{id}/accept", &format!("{}/accept", invitations[0]), &[])
            .on("/settings/invitations"),
        row("/settings/invitations/{id}/decline", &format!("{}/decline", invitations[1]), &[])
            .on("/settings/invitations"),
        // The host
        row("/operator/feeds", "/operator/feeds", &[("name", "empty"), ("owner", "ada")])
            .on("/operator/feeds/new")
            .by(Operator),
        row("/operator/feeds/{feed}/delete", "/operator/feeds/empty/delete", &[("name", "empty")]).by(Operator),
        row("/operator/mail/{id}/{verb:retry|drop}", "/operator/mail/{mail}/drop", &[]).by(Operator),
        row("/operator/tokens/find", "/operator/tokens/find", &[("key", "lk_Ab3d")]).by(Operator).changing_nothing(),
        row("/operator/tokens/selected", "/operator/tokens/selected", &[])
            .on(&format!("/operator/tokens/selected?step=deactivate&token={}", id(&token["edit"])))
            .by(Operator),
        row("/operator/tokens/{id}/deactivate", &format!("/operator/tokens/{}/deactivate", id(&token["end"])), &[])
            .by(Operator),
        row("/operator/tokens/{id}/revoke", &format!("/operator/tokens/{}/revoke", id(&token["end"])), &[])
            .by(Operator),
        row("/operator/accounts/{id}/password", &account(0, "password"), &[]).by(Operator),
        row("/operator/accounts/new", "/operator/accounts/new", &[("username", "eve"), ("email", "eve@example.com")])
            .by(Operator),
        row(
            "/operator/accounts/invitations/{id}/{verb:resend|withdraw}",
            "/operator/accounts/invitations/{eve}/resend",
            &[],
        )
        .by(Operator),
        row(STANDING, &account(0, "disable"), &[]).by(Operator),
        row(STANDING, &account(0, "enable"), &[]).by(Operator),
        row(STANDING, &account(1, "make-operator"), &[]).by(Operator),
        row(STANDING, &account(1, "unmake-operator"), &[]).by(Operator),
        row("/operator/accounts/{id}/delete", &account(2, "delete"), &[("username", "dee")]).by(Operator),
        // What ends sessions
        row("/settings/devices/{id}/forget", &device, &[]).on("/settings/sessions"),
        row("/settings/sessions/{name}/end", &format!("/settings/sessions/{session}/end"), &[])
            .on("/settings/sessions"),
        row("/settings/sessions/end-others", "/settings/sessions/end-others", &[]).on("/settings/sessions"),
        row(
            "/settings/password",
            "/settings/password",
            &[("current", &password_of("ada")), ("new", "seven quiet lanterns drift")],
        ),
        row("/sign-out", "/sign-out", &[]).on("/settings/tokens"),
    ];
    every_form_has_a_row(&rows);
    remember(world).await;
    (ada, rows)
}

/// Where `ada` is signed in too.
pub(super) const ELSEWHERE: &str = "198.51.100.9";
const STANDING: &str = "/operator/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}";
