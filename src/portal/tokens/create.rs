//! Creating a token, from nothing or as a duplicate of another, and the one answer that shows its key.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    already_done,
    confirm_first::{CONFIRM_FIRST, must_confirm},
    confirmed, feeds,
    fields::Fields,
    find,
    pattern_preview::Preview,
    prefill::PrefillLink,
    show_once,
    token_form::{TokenForm, TokenSettings},
};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{
        FormId, Issued, Permission, Token, TokenId,
        lifecycle::{self, NewToken},
    },
    web::{
        error::PageError,
        form::{Form, Problems},
        late_form::typed,
        page::{Page, SignedIn, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/create.html")]
struct New {
    page: Page,
    form_id: String,
    default_name: String,
    copy_of: String,
    copied_from: String,
    by_link: String,
    confirm_first: bool,
    form: Fields,
    problems: Problems,
}

/// The form on its way to the page, with what the page says about it.
#[derive(Default)]
struct Draft {
    form: TokenForm,
    copied_from: String,
    by_link: String,
    problems: Problems,
}

/// `GET /settings/tokens/new`, which a link may fill.
pub async fn show_create_token(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, &me).await?;
    if let Some(mut form) = typed::<TokenForm>(&req, "/settings/tokens") {
        if FormId::parse(&form.form_id).is_none() {
            form.form_id = form_id(&me);
        }
        return draw(&req, &app, &me, &feeds, StatusCode::OK, Draft { form, ..Draft::default() }).await;
    }
    let mut form = TokenForm { form_id: form_id(&me), ..TokenForm::blank(app.settings.max_token_days) };
    let link = PrefillLink::of(&req);
    let (filled, mut problems) = link.fill(&mut form, &feeds);
    if filled.contains(&"permission") {
        form.find_preset();
    }
    let by_link = match () {
        () if filled.is_empty() => "",
        () => "A link filled in this form. Check it before you create.",
    };
    let found = check(&app, &me, &named(&app, &me, &form).await?, &feeds).err().unwrap_or_default();
    let about_link = |field| filled.contains(&field) && problems.of(field).is_none();
    let found: Vec<_> = found.list.into_iter().filter(|problem| about_link(problem.field)).collect();
    problems.list.extend(found);
    draw(
        &req,
        &app,
        &me,
        &feeds,
        StatusCode::OK,
        Draft { form, by_link: by_link.to_owned(), problems, ..Draft::default() },
    )
    .await
}

/// `GET /settings/tokens/{id}/duplicate`: the same form, filled with another token's settings; `?allow=` ticks one thing more.
pub async fn duplicate_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    let feeds = feeds(&app, &me).await?;
    let blank = TokenForm::blank(app.settings.max_token_days);
    let mut form = TokenForm {
        form_id: form_id(&me),
        version: String::new(),
        copy_of: copy_of(&token),
        expires: blank.expires,
        name: copy_name(&token.name),
        ..TokenForm::of(&token)
    };
    let more: Vec<_> = PrefillLink::of(&req).tick(&mut form).into_iter().map(Permission::words).collect();
    let by_link = if more.is_empty() { String::new() } else { format!("Ticked by the link: {}.", more.join(", ")) };
    let mut problems = check(&app, &me, &form, &feeds).err().unwrap_or_default();
    problems.list.retain(|problem| problem.field == "permission");
    draw(&req, &app, &me, &feeds, StatusCode::OK, Draft { form, copied_from: token.name, by_link, problems }).await
}

/// `POST /settings/tokens`
pub async fn create_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<TokenForm>,
) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, &me).await?;
    if form.only_shows() {
        return draw(&req, &app, &me, &feeds, StatusCode::OK, Draft { form, ..Draft::default() }).await;
    }
    if must_confirm(&app, &me).await? {
        let draft = Draft { form, problems: Problems::one("", CONFIRM_FIRST), ..Draft::default() };
        return draw(&req, &app, &me, &feeds, StatusCode::CONFLICT, draft).await;
    }
    if let Some(token) = changed_source(&app, &me, &form).await? {
        let problem = "The token that this copies was changed after this page was opened. Below is what you sent: check it and press the button again.";
        let (form, problems) = (TokenForm { copy_of: copy_of(&token), ..form }, Problems::one("", problem));
        let draft = Draft { form, copied_from: token.name, problems, ..Draft::default() };
        return draw(&req, &app, &me, &feeds, StatusCode::CONFLICT, draft).await;
    }
    let checked = match check(&app, &me, &named(&app, &me, &form).await?, &feeds) {
        Ok(new) => match form.legacy_keys(&app).await? {
            problems if problems.is_empty() => confirmed(&req, &app, &me, &form.password).await?.map(|()| new),
            problems => Err(problems),
        },
        Err(problems) => Err(problems),
    };
    let new = match checked {
        Ok(new) => new,
        Err(problems) => {
            let draft = Draft { form, problems, ..Draft::default() };
            return draw(&req, &app, &me, &feeds, StatusCode::UNPROCESSABLE_ENTITY, draft).await;
        }
    };
    let form_id = FormId::parse(&form.form_id).ok_or(PageError::Late)?;
    let token = new.into_token(TokenId::generate(me.now, &mut crate::random::system()), me.account.id, me.now);
    match app.store.create_token(token.clone(), &form_id.to_string(), &me.actor, me.now).await? {
        Issued::Secret(secret) => show_once(&req, &app, &me, &token, &feeds, &secret, false),
        Issued::AlreadyDone(id) => already_done(&req, &app, &me, id).await,
        Issued::Stale => Err(PageError::NotFound),
    }
}

fn check(app: &App, me: &SignedIn, form: &TokenForm, feeds: &[Feed]) -> Result<NewToken, Problems> {
    let mut problems = Problems::default();
    let reachable: Vec<_> = feeds.iter().map(|feed| feed.id).collect();
    let wanted = form.read(&reachable, &mut problems);
    if form.permissions().unwrap_or_default().has(Permission::ApiIntrospect) {
        problems.note("permission", "Only operators give the permission “api:introspect”.");
    }
    let end = form.end(me, app.settings.max_token_days, None);
    let expires_at = end.map_err(|(field, error)| problems.note(field, error)).ok();
    match (wanted, expires_at, problems.is_empty()) {
        (Some(wanted), Some(expires_at), true) => {
            let TokenSettings { name, note, permissions, patterns, feeds } = wanted;
            Ok(NewToken { name, note, permissions, patterns, feeds, expires_at })
        }
        _ => Err(problems),
    }
}

/// The form with a name: its own, or a default that no token of the account has.
async fn named(app: &App, me: &SignedIn, form: &TokenForm) -> Result<TokenForm, PageError> {
    if !form.name.trim().is_empty() {
        return Ok(form.clone());
    }
    Ok(TokenForm { name: default_name(app, me, form).await?, ..form.clone() })
}

async fn default_name(app: &App, me: &SignedIn, form: &TokenForm) -> Result<String, PageError> {
    let nuget = || [Permission::NuGetPull].into_iter().collect();
    let day = me.now.with_timezone(&me.account.time_zone).date_naive();
    let name = lifecycle::default_name(form.permissions().unwrap_or_else(|_| nuget()), day);
    let taken = async |number| {
        let name = lifecycle::numbered(&name, number);
        Ok::<_, PageError>(app.store.hint_of_name(me.account.id, &name, None).await?.is_some())
    };
    // Of thousands of the same day, few are asked for.
    let (mut last, mut free) = (0, 1);
    while taken(free).await? {
        (last, free) = (free, free * 2);
    }
    while free - last > 1 {
        let middle = last.midpoint(free);
        if taken(middle).await? { last = middle } else { free = middle }
    }
    Ok(lifecycle::numbered(&name, free))
}

/// Which token a duplicate copies, as of which version.
fn copy_of(token: &Token) -> String {
    format!("{} {}", token.id, token.version)
}

/// The token that a form copies, if it was changed since its settings were read. One that is deleted says nothing more.
async fn changed_source(app: &App, me: &SignedIn, form: &TokenForm) -> Result<Option<Token>, PageError> {
    let Some(id) = form.copy_of.split(' ').next().and_then(TokenId::parse) else { return Ok(None) };
    let token = app.store.token_of(me.account.id, id).await?;
    Ok(token.filter(|token| copy_of(token) != form.copy_of))
}

fn form_id(me: &SignedIn) -> String {
    FormId::generate(me.now, &mut crate::random::system()).to_string()
}

/// The name of a copy, within the bound.
fn copy_name(name: &str) -> String {
    let kept: String = name.chars().take(crate::tokens::lifecycle::MAX_NAME - " (copy)".len()).collect();
    format!("{kept} (copy)")
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    feeds: &[Feed],
    status: StatusCode,
    draft: Draft,
) -> Result<HttpResponse, PageError> {
    let Draft { form, copied_from, by_link, problems } = draft;
    let title = if copied_from.is_empty() { "Create a token" } else { "Duplicate a token" };
    let preview = Preview::of(app, me, &form, None).await?;
    let default_name = default_name(app, me, &form).await?;
    let fields = Fields::new(&form, me, feeds, app.settings.max_token_days, None, preview);
    let page = New {
        page: Page::in_section(req, title, "tokens"),
        form: Fields { ask_password: me.must_prove(), ..fields },
        form_id: form.form_id,
        default_name,
        copy_of: form.copy_of,
        copied_from,
        by_link,
        confirm_first: must_confirm(app, me).await?,
        problems,
    };
    answer(status, &page)
}
