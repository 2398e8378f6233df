//! Deprecating versions of a package, changing what is said of them, and taking it back.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{PackageAt, Seen};
use crate::{
    app::App,
    packages::{
        BadAlternative, Deprecation, DeprecationReason, NewDeprecation, StoredPackage, VersionSet,
        deprecation::{LONGEST_MESSAGE, parse_message},
        rules,
    },
    store::{StoreError, Transaction},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        late_form::typed,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

/// Owners of an alternative that are named.
const OWNERS: i64 = 5;
/// Characters of a list of versions.
const LONGEST_SET: usize = 1_000;

#[derive(Template)]
#[template(path = "portal/packages/deprecation.html")]
struct Deprecating {
    page: Page,
    name: String,
    path: String,
    form: DeprecateForm,
    lifted: String,
    reasons: [DeprecationReason; 3],
    /// Whether anything is said of the versions that the page is about.
    is_deprecated: bool,
    problems: Problems,
}

/// Which versions, why, and what instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeprecateForm {
    versions: String,
    reason: String,
    message: String,
    alternative: String,
}

/// Which versions are good again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiftForm {
    lifted: String,
}

/// Which versions the page is about.
#[derive(Debug, Default, Deserialize)]
pub struct About {
    #[serde(default)]
    versions: String,
}

/// What a page says of a deprecated version.
pub struct DeprecationView {
    /// In a few words.
    pub reason: &'static str,
    /// A stranger's text.
    pub message: String,
    /// What to use instead.
    pub alternative: Option<Alternative>,
    /// Who wrote it, for whoever may know.
    pub by: Option<String>,
}

/// A package to use instead.
pub struct Alternative {
    /// Its name as first published.
    pub name: String,
    /// The path of its page.
    pub path: String,
    /// Whose it is, for whoever may know.
    pub owners: Vec<String>,
}

impl Default for DeprecateForm {
    fn default() -> Self {
        Self {
            versions: "*".to_owned(),
            reason: DeprecationReason::Legacy.as_str().to_owned(),
            message: String::new(),
            alternative: String::new(),
        }
    }
}

impl DeprecationView {
    /// As whoever looks may see it.
    pub(super) async fn of(app: &App, seen: &Seen, said: Option<&Deprecation>) -> Result<Option<Self>, PageError> {
        let Some(said) = said else { return Ok(None) };
        let alternative = match &said.alternative {
            Some(name) => Some(alternative(app, seen, name).await?),
            None => None,
        };
        Ok(Some(Self {
            reason: said.reason.label(),
            message: said.message.clone(),
            alternative,
            by: said.by.clone().filter(|_| seen.visitor.me.is_some()),
        }))
    }
}

async fn alternative(app: &App, seen: &Seen, name: &str) -> Result<Alternative, PageError> {
    let (feed, kind) = (&seen.visitor.feed, seen.package.stored.kind);
    let found = match seen.visitor.me {
        Some(_) => app.store.package(feed.id, kind, &name.to_ascii_lowercase(), None).await?,
        None => None,
    };
    let owners = match found {
        Some(package) => app.store.owners(package.key, OWNERS).await?,
        None => Vec::new(),
    };
    Ok(Alternative {
        path: super::path(&feed.name, kind, name),
        name: name.to_owned(),
        owners: owners.into_iter().map(|owner| owner.username).collect(),
    })
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/deprecation`
pub async fn ask_deprecation(
    req: HttpRequest,
    app: Data<App>,
    _me: SignedIn,
    at: PackageAt,
    about: Option<Query<About>>,
) -> Result<HttpResponse, PageError> {
    let seen = changeable(&req, &app, &at).await?;
    let about: String = about.map(|about| about.into_inner().versions).unwrap_or_default();
    let about: String = about.chars().filter(|c| !c.is_control()).take(LONGEST_SET).collect();
    let form = match typed::<DeprecateForm>(&req, &path(&seen)) {
        Some(form) => form,
        None => prefilled(&app, &seen, &about).await?,
    };
    let lifted = typed::<LiftForm>(&req, &lift_path(&seen)).map_or_else(|| form.versions.clone(), |form| form.lifted);
    draw(&req, &app, &seen, StatusCode::OK, (form, lifted), Problems::default()).await
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/deprecation`
pub async fn deprecate_versions(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    at: PackageAt,
    Form(form): Form<DeprecateForm>,
) -> Result<HttpResponse, PageError> {
    let mut seen = changeable(&req, &app, &at).await?;
    let outcome = deprecate(&req, &app, &me, &mut seen, &form).await;
    or_again(outcome, async |status, problems| {
        let lifted = form.versions.clone();
        draw(&req, &app, &seen, status, (form, lifted), problems).await
    })
    .await
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/deprecation/lift`
pub async fn lift_deprecation(
    req: HttpRequest,
    app: Data<App>,
    _me: SignedIn,
    at: PackageAt,
    Form(form): Form<LiftForm>,
) -> Result<HttpResponse, PageError> {
    let mut seen = changeable(&req, &app, &at).await?;
    let outcome = lift(&req, &app, &mut seen, &form.lifted).await;
    or_again(outcome, async |status, problems| {
        let shown = prefilled(&app, &seen, &form.lifted).await?;
        draw(&req, &app, &seen, status, (shown, form.lifted), problems).await
    })
    .await
}

async fn deprecate(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    seen: &mut Seen,
    form: &DeprecateForm,
) -> Result<HttpResponse, FormError> {
    let mut problems = Problems::default();
    let kind = seen.package.stored.kind;
    let set = problems.keep("versions", VersionSet::parse(kind, &form.versions));
    let reason = DeprecationReason::parse(&form.reason);
    let reason = problems.keep("reason", reason.ok_or("Choose one of the reasons."));
    let message = problems.keep("message", parse_message(&form.message, reason.unwrap_or_default()));
    let ((set, reason), message) = problems.or(set.zip(reason).zip(message))?;
    let name = form.alternative.trim();
    if let Some(other) =
        instead(name, app.store.alternative(seen.visitor.feed.id, &seen.package.stored, name, me.account.id)).await?
    {
        // Sending people to somebody else's package is what a thief of a session would do.
        if !other.owned {
            reauth::require(req, app, me).await?;
        }
    }
    let mut tx = seen.begin(app, Seen::may_change).await?;
    let found = tx.alternative(seen.visitor.feed.id, &seen.package.stored, name, me.account.id);
    let alternative = instead(name, found).await?.map(|other| (other.key, other.name));
    let said = NewDeprecation { reason, message, alternative };
    let changed = change(tx, seen, ("versions", &set), Some(&said)).await?;
    let done = if changed > 0 { Flash::Deprecated } else { Flash::Unchanged };
    Ok(go_to(req, done.at(&seen.path())))
}

/// The package to use instead, if one is named.
async fn instead(
    name: &str,
    found: impl Future<Output = Result<Result<StoredPackage, BadAlternative>, StoreError>>,
) -> Result<Option<StoredPackage>, FormError> {
    if name.is_empty() {
        return Ok(None);
    }
    found.await?.map(Some).map_err(|error| FormError::field("alternative", error))
}

async fn lift(req: &HttpRequest, app: &App, seen: &mut Seen, versions: &str) -> Result<HttpResponse, FormError> {
    let set = VersionSet::parse(seen.package.stored.kind, versions);
    let set = set.map_err(|error| FormError::field("lifted", error))?;
    let tx = seen.begin(app, Seen::may_change).await?;
    let changed = change(tx, seen, ("lifted", &set), None).await?;
    let done = if changed > 0 { Flash::DeprecationLifted } else { Flash::Unchanged };
    Ok(go_to(req, done.at(&seen.path())))
}

async fn change(
    mut tx: Transaction,
    seen: &Seen,
    (field, set): (&'static str, &VersionSet),
    said: Option<&NewDeprecation>,
) -> Result<usize, FormError> {
    let package = &seen.package.stored;
    if tx.count_versions(package.key, set).await? == 0 {
        return Err(FormError::field(field, "The package has no version like this."));
    }
    let changed = tx.deprecate(&seen.change()?, package, set, said).await?;
    tx.commit().await?;
    Ok(changed)
}

/// The package of an address, for those who may change it; for everybody else there is nothing here.
async fn changeable(req: &HttpRequest, app: &App, at: &PackageAt) -> Result<Seen, PageError> {
    let seen = Seen::of(req, app, at).await?;
    if seen.may_change() { Ok(seen) } else { Err(PageError::NotFound) }
}

fn path(seen: &Seen) -> String {
    format!("{}/-/deprecation", seen.path())
}

fn lift_path(seen: &Seen) -> String {
    format!("{}/lift", path(seen))
}

/// What is said already of one version, to be changed; else what is usual.
async fn prefilled(app: &App, seen: &Seen, versions: &str) -> Result<DeprecateForm, PageError> {
    let StoredPackage { key, kind, .. } = seen.package.stored;
    let about = if versions.is_empty() { "*" } else { versions };
    let one = rules(kind).version(about).map(|version| version.key).or_else(|| seen.package.newest.clone());
    let found = match one {
        Some(version) => app.store.version_facts(key, seen.visitor.account(), &version).await?,
        None => None,
    };
    let said = found.and_then(|found| found.line.deprecation);
    let form = DeprecateForm { versions: about.to_owned(), ..DeprecateForm::default() };
    Ok(match said {
        Some(said) => DeprecateForm {
            reason: said.reason.as_str().to_owned(),
            message: said.message,
            alternative: said.alternative.unwrap_or_default(),
            ..form
        },
        None => form,
    })
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    seen: &Seen,
    status: StatusCode,
    (form, lifted): (DeprecateForm, String),
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Deprecating {
        page: Page::in_section(req, format!("Deprecate {}", seen.name()), "packages"),
        name: seen.name().to_owned(),
        path: seen.path(),
        is_deprecated: app.store.is_deprecated(seen.package.stored.key).await?,
        reasons: DeprecationReason::ALL,
        form,
        lifted,
        problems,
    };
    answer(status, &page)
}
