//! Creating a token, from nothing or as a duplicate of another, and the one answer that shows its key.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{
    already_done,
    confirm_first::{CONFIRM_FIRST, must_confirm},
    feeds,
    fields::Fields,
    pattern_preview::Preview,
    prefill::PrefillLink,
    sentence::Reader,
    show_once,
    token_form::{TokenForm, rules},
    token_request::TokenRequest,
};
use crate::{
    app::App,
    feeds::Feed,
    paths,
    tokens::{FeedId, FormId, Issued, Permission, Token, TokenId, TokenSettings, draft::MAX_NAME},
    web::{
        error::PageError,
        form::{Form, FormError, Problems, or_again, problems_of},
        late_form::typed,
        owner::Owner,
        page::{Page, SignedIn, answer},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/create.html")]
struct New {
    page: Page,
    copied_from: String,
    by_link: String,
    confirm_first: bool,
    form: Fields,
    problems: Problems,
}

/// The form on its way to the page, with what the page says about it.
#[derive(Default)]
struct Drawing {
    form: TokenForm,
    copied_from: String,
    by_link: String,
    problems: Problems,
}

/// `GET /settings/tokens/new`, which a link may fill.
pub async fn show_create_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, owner).await?;
    if let Some(mut form) = typed::<TokenForm>(&req, paths::TOKENS) {
        if FormId::parse(&form.form_id).is_none() {
            form.form_id = form_id(&me);
        }
        return draw(&req, &app, &me, owner, &feeds, StatusCode::OK, Drawing { form, ..Drawing::default() }).await;
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
    let found = problems_of(check(&app, &me, owner, &form, &feeds).await)?;
    let about_link = |field| filled.contains(&field) && problems.of(field).is_none();
    let found: Vec<_> = found.list.into_iter().filter(|problem| about_link(problem.field)).collect();
    problems.list.extend(found);
    draw(
        &req,
        &app,
        &me,
        owner,
        &feeds,
        StatusCode::OK,
        Drawing { form, by_link: by_link.to_owned(), problems, ..Drawing::default() },
    )
    .await
}

/// `GET /settings/tokens/{id}/duplicate`: the same form, filled with another token's settings; `?allow=` ticks one thing more.
pub async fn duplicate_token(of: TokenRequest) -> Result<HttpResponse, PageError> {
    let feeds = of.feeds().await?;
    let TokenRequest { req, app, me, owner, token } = of;
    let blank = TokenForm::blank(app.settings.max_token_days);
    let mut form = TokenForm {
        form_id: form_id(&me),
        version: String::new(),
        copy_of: copy_of(&token),
        expires: blank.expires,
        name: copy_name(&token.settings.name),
        ..TokenForm::of(&token)
    };
    let more: Vec<_> = PrefillLink::of(&req).tick(&mut form).into_iter().map(Permission::words).collect();
    let by_link = if more.is_empty() { String::new() } else { format!("Ticked by the link: {}.", more.join(", ")) };
    let mut problems = problems_of(check(&app, &me, owner, &form, &feeds).await)?;
    problems.list.retain(|problem| problem.field == "permission");
    draw(
        &req,
        &app,
        &me,
        owner,
        &feeds,
        StatusCode::OK,
        Drawing { form, copied_from: token.settings.name, by_link, problems },
    )
    .await
}

/// `POST /settings/tokens`
pub async fn create_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(form): Form<TokenForm>,
) -> Result<HttpResponse, PageError> {
    let feeds = feeds(&app, owner).await?;
    if form.only_shows() {
        return draw(&req, &app, &me, owner, &feeds, StatusCode::OK, Drawing { form, ..Drawing::default() }).await;
    }
    if let Some(token) = changed_source(&app, owner, &form).await? {
        let problem = "The token that this copies was changed after this page was opened. Below is what you sent: check it and press the button again.";
        let (form, problems) = (TokenForm { copy_of: copy_of(&token), ..form }, Problems::one("", problem));
        let drawing = Drawing { form, copied_from: token.settings.name, problems, ..Drawing::default() };
        return draw(&req, &app, &me, owner, &feeds, StatusCode::CONFLICT, drawing).await;
    }
    let outcome = create(&req, &app, &me, owner, &form, &feeds).await;
    or_again(outcome, async |status, problems| {
        let drawing = Drawing { form, problems, ..Drawing::default() };
        draw(&req, &app, &me, owner, &feeds, status, drawing).await
    })
    .await
}

async fn create(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    form: &TokenForm,
    feeds: &[Feed],
) -> Result<HttpResponse, FormError> {
    if must_confirm(app, me).await? {
        return Err(FormError::conflict(CONFIRM_FIRST));
    }
    let new = check(app, me, owner, form, feeds).await?;
    let pasted = app.legacy.in_draft(&app.store, &form.draft()).await?;
    if !pasted.is_empty() {
        return Err(form.problems(&pasted).into());
    }
    let form_id = FormId::parse(&form.form_id).ok_or(PageError::Late)?;
    if new.is_unlimited() && form.sure != "yes" {
        return Err(FormError::field("sure", "Tick this box if you mean it."));
    }
    reauth::require(req, app, me).await?;
    let token = new.into_token(TokenId::generate(me.now, &mut crate::random::system()), owner.id, me.now);
    Ok(match app.store.create_token(token.clone(), &form_id.to_string(), &me.actor, me.now).await? {
        Issued::Secret(secret) => show_once(req, app, me, &token, feeds, &secret, false).await?,
        Issued::AlreadyDone(id) => already_done(req, app, me, owner, id).await?,
        Issued::Stale => return Err(PageError::NotFound.into()),
    })
}

/// The token that a form asks for, if nothing is wrong with it.
async fn check(
    app: &App,
    me: &SignedIn,
    owner: Owner,
    form: &TokenForm,
    feeds: &[Feed],
) -> Result<TokenSettings, FormError> {
    let reachable: Vec<FeedId> = feeds.iter().map(|feed| feed.id).collect();
    let mut draft = form.draft();
    if draft.is_unnamed() {
        draft.name = default_name(app, me, owner, form).await?;
    }
    draft.new_token(&rules(app, me, &reachable)).map_err(|errors| form.problems(&errors).into())
}

async fn default_name(app: &App, me: &SignedIn, owner: Owner, form: &TokenForm) -> Result<String, PageError> {
    let name = form.draft().default_name(&rules(app, me, &[]));
    Ok(app.store.free_token_name(owner.id, &name).await?)
}

/// Which token a duplicate copies, as of which version.
fn copy_of(token: &Token) -> String {
    format!("{} {}", token.id, token.version)
}

/// The token that a form copies, if it was changed since its settings were read. One that is deleted says nothing more.
async fn changed_source(app: &App, owner: Owner, form: &TokenForm) -> Result<Option<Token>, PageError> {
    let Some(id) = form.copy_of.split(' ').next().and_then(TokenId::parse) else { return Ok(None) };
    let token = app.store.token_of(owner.id, id).await?;
    Ok(token.filter(|token| copy_of(token) != form.copy_of))
}

fn form_id(me: &SignedIn) -> String {
    FormId::generate(me.now, &mut crate::random::system()).to_string()
}

/// The name of a copy, within the bound.
fn copy_name(name: &str) -> String {
    let kept: String = name.chars().take(MAX_NAME - " (copy)".len()).collect();
    format!("{kept} (copy)")
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    feeds: &[Feed],
    status: StatusCode,
    drawing: Drawing,
) -> Result<HttpResponse, PageError> {
    let Drawing { form, copied_from, by_link, problems } = drawing;
    let title = if copied_from.is_empty() { "Create a token" } else { "Duplicate a token" };
    let preview = Preview::of(app, owner, &form, None).await?.without(&problems);
    let default_name = default_name(app, me, owner, &form).await?;
    let fields = Fields::new(form, app, Reader { feeds, me }, None, preview);
    let page = New {
        page: Page::in_section(req, title, "tokens"),
        form: Fields { default_name, ..fields },
        copied_from,
        by_link,
        confirm_first: must_confirm(app, me).await?,
        problems,
    };
    answer(status, &page)
}
