//! A package with its versions: in full, or what an installation needs; and one version of it, by number or tag.

use std::{collections::BTreeMap, rc::Rc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, ETag, EntityTag, VARY},
    web,
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, LocalBoxStream},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    release::{Form, document, manifest},
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    conditional::Condition,
    packages::{
        Release, StoredPackage,
        npm::{document::LATEST, name::PackageName},
    },
    registry::long_response::{Listing, head_of},
    tokens::PackageKey,
};

/// The media type of the shorter form.
const TO_INSTALL: &str = "application/vnd.npm.install-v1+json";
/// Versions that are read at a time.
const PAGE: i64 = 50;
/// Owners that are named.
const MOST_OWNERS: i64 = 100;
/// What the newest version says of the package as a whole.
const OF_PACKAGE: [&str; 7] = ["description", "author", "license", "keywords", "homepage", "repository", "bugs"];

/// `GET {name}`
pub async fn show_package(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let name = request.name()?;
    let (reader, package) = request.readable(&name).await?;
    let form = if wants_abbreviated(&req) { Form::Abbreviated } else { Form::Full };
    let facts = Facts::of(&app, reader.sees_people, &package).await?;
    let tag = facts.tag(&request, form);
    let condition = request.condition(&tag);
    let mut answer = match condition {
        Condition::Send => request.with_expiry_warning(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => request.with_expiry_warning(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(NpmError::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((VARY, "Accept")).insert_header(ETag(tag));
    if condition == Condition::NotModified {
        return Ok(answer.finish());
    }
    let head = facts.head(&app, &name, form).await?;
    let items = items(&req, &app, name, package.key, form);
    let content_type = if form == Form::Abbreviated { TO_INSTALL } else { "application/json" };
    Listing { head, items, tail: "}}" }.answer(answer, content_type).await
}

/// `GET {name}/{version}`: one version, by its number or by a tag.
pub async fn show_release(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let (name, asked) = (request.name()?, request.part("version"));
    let (reader, package) = request.readable(&name).await?;
    let tagged = app.store.tags(package.key).await?.remove(&asked);
    let release = app.store.release(package.key, tagged.as_deref().unwrap_or(&asked)).await?;
    let release = release.ok_or_else(NpmError::nothing_here)?;
    request.json(reader.token(), &document(&request, &name, &release, Form::Full)?)
}

/// Every client names the full form, too, as what it would also take.
fn wants_abbreviated(req: &HttpRequest) -> bool {
    let accepts = req.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains(TO_INSTALL))
}

/// What is told of a package besides its versions.
pub(super) struct Facts {
    key: PackageKey,
    revision: i64,
    tags: BTreeMap<String, String>,
    times: Vec<(String, DateTime<Utc>)>,
    /// For whoever may know them.
    owners: Option<Vec<String>>,
}

impl Facts {
    /// The revision is read first: what changes meanwhile makes the tag older than the answer, which is asked for again.
    pub(super) async fn of(app: &App, sees_people: bool, package: &StoredPackage) -> Result<Self, NpmError> {
        let revision = app.store.package_revision(package.key).await?;
        let tags = app.store.tags(package.key).await?;
        let times = app.store.release_times(package.key).await?;
        if times.is_empty() {
            return Err(NpmError::nothing_here());
        }
        let owners = if sees_people {
            Some(app.store.owners(package.key, MOST_OWNERS).await?.into_iter().map(|owner| owner.username).collect())
        } else {
            None
        };
        Ok(Self { key: package.key, revision, tags, times, owners })
    }

    /// Differs with whatever the answer is made of.
    fn tag(&self, request: &NpmRequest<'_>, form: Form) -> EntityTag {
        let made_of = (self.key.to_string(), self.revision, request.base(), form == Form::Full, &self.owners);
        let text = format!("{} {made_of:?}", env!("CARGO_PKG_VERSION"));
        EntityTag::new_strong(hex::encode(&Sha256::digest(text)[..16]))
    }

    fn modified(&self) -> String {
        self.times.iter().map(|(_, at)| *at).max().map(instant).unwrap_or_default()
    }

    /// How often the package was changed.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// What the full form says of the package as a whole.
    pub(super) async fn own_fields(&self, app: &App, name: &PackageName) -> Result<Value, NpmError> {
        self.fields(app, name, Form::Full).await
    }

    /// The document up to its versions.
    async fn head(&self, app: &App, name: &PackageName, form: Form) -> Result<String, NpmError> {
        let text = head_of(&self.fields(app, name, form).await?, "versions");
        Ok(text.strip_suffix('[').unwrap_or_default().to_owned() + "{")
    }

    async fn fields(&self, app: &App, name: &PackageName, form: Form) -> Result<Value, NpmError> {
        let mut time: Map<String, Value> =
            self.times.iter().map(|(version, at)| (version.clone(), json!(instant(*at)))).collect();
        time.insert("modified".to_owned(), json!(self.modified()));
        let created = self.times.iter().map(|(_, at)| *at).min().map(instant);
        time.insert("created".to_owned(), json!(created));
        let mut head = json!({ "name": name.as_str(), "dist-tags": self.tags, "time": time });
        match form {
            Form::Abbreviated => head["modified"] = json!(self.modified()),
            Form::Full => self.add_details(app, name, &mut head).await?,
        }
        Ok(head)
    }

    async fn add_details(&self, app: &App, name: &PackageName, head: &mut Value) -> Result<(), NpmError> {
        head["_id"] = json!(name.as_str());
        head["_rev"] = json!(revision(self.revision, self.key));
        let maintainers: Vec<Value> = self.owners.iter().flatten().map(|owner| json!({ "name": owner })).collect();
        head["maintainers"] = json!(maintainers);
        let Some(latest) = self.tags.get(LATEST) else { return Ok(()) };
        if let Some(release) = app.store.release(self.key, latest).await? {
            let package = manifest(&release)?.package;
            for field in OF_PACKAGE {
                if let Some(value) = package.get(field) {
                    head[field] = value.clone();
                }
            }
        }
        Ok(())
    }
}

/// What clients send back when they change a package.
pub(super) fn revision(revision: i64, package: PackageKey) -> String {
    format!("{revision}-{}", package.uuid().simple())
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The versions as members of an object, read a page at a time, while no connection to the database is held.
fn items(
    req: &HttpRequest,
    app: &web::Data<App>,
    name: PackageName,
    package: PackageKey,
    form: Form,
) -> LocalBoxStream<'static, Result<String, NpmError>> {
    let about = Rc::new((req.clone(), app.clone(), name));
    let pages = stream::try_unfold(Some(Vec::new()), move |above: Option<Vec<u8>>| {
        let about = Rc::clone(&about);
        async move {
            let Some(above) = above else { return Ok(None) };
            let (req, app, name) = &*about;
            let page = page(app, package, &above).await?;
            let last = page.last().map(|release| release.version.sort_key.clone());
            let next = last.filter(|_| page.len() as i64 == PAGE);
            let request = NpmRequest::of(req, app)?;
            let items =
                page.iter().map(|release| member(&request, name, release, form)).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, NpmError>(Some((stream::iter(items.into_iter().map(Ok)), next)))
        }
    });
    pages.try_flatten().boxed_local()
}

async fn page(app: &App, package: PackageKey, above: &[u8]) -> Result<Vec<Release>, NpmError> {
    let _turn = app.long_answers.turn().await.ok_or_else(NpmError::too_many_at_once)?;
    Ok(app.store.releases(package, above, PAGE).await?)
}

fn member(request: &NpmRequest<'_>, name: &PackageName, release: &Release, form: Form) -> Result<String, NpmError> {
    let document = document(request, name, release, form)?;
    Ok(format!("{}:{document}", Value::from(release.version.text.as_str())))
}
