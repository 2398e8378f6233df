//! Adding people: one by a form, many by a list. They choose their passwords themselves, by a link that lives a week.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono_tz::Tz;
use serde::Deserialize;

use super::Operator;
use crate::{
    accounts::{Account, NewAccount, Registration},
    accounts::{
        identity, one_time_link,
        people_list::{self, BadList, LeftOut, PeopleList, Person},
    },
    app::App,
    notifications::{InvitationWay, MailKind},
    store::Transaction,
    tokens::AccountId,
    web::{
        error::PageError,
        flash::Flash,
        form::{
            Form, FormError, LATE, Problems, or_again,
            text_file::{NotText, TextFile},
            upload::UploadForm,
        },
        late_form,
        page::{Page, answer, go_to},
        reauth,
    },
};

const INVITATIONS: &str = "/operator/accounts/invitations";
const IMPORT: &str = "/operator/accounts/import";

#[derive(Template)]
#[template(path = "portal/operator/people/add.html")]
struct AddPerson {
    page: Page,
    form: PersonForm,
    mails_are_files: bool,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "portal/operator/people/import.html")]
struct AddList {
    page: Page,
    people: String,
    is_guess: bool,
    left_out: Option<String>,
    mails_are_files: bool,
    problems: Problems,
}

/// The one answer that carries the links, or says of what was mailed which columns of the list were left out.
#[derive(Template)]
#[template(path = "portal/operator/people/invited.html")]
struct InvitedPage {
    page: Page,
    people: Vec<Invited>,
    left_out: Option<String>,
    are_mailed: bool,
}

/// Somebody with the link that is to be handed over.
pub(super) struct Invited {
    username: String,
    email: String,
    link: String,
}

/// One person.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    username: String,
    email: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    operator: String,
}

/// A list that was sent too late: what was pasted, and the file's text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ListForm {
    people: String,
    file: String,
}

impl PersonForm {
    fn read(&self) -> Result<Person, Problems> {
        let mut problems = Problems::default();
        let username = problems.keep("username", identity::username(&self.username));
        let email = problems.keep("email", identity::email(&self.email));
        let time_zone = problems.keep("zone", identity::time_zone(&self.zone));
        match (username, email, time_zone) {
            (Some(username), Some(email), Some(time_zone)) => {
                Ok(Person { line: 0, username, email, time_zone, operator: !self.operator.is_empty() })
            }
            _ => Err(problems),
        }
    }
}

/// `GET /operator/accounts/new`
pub async fn show_add_person(req: HttpRequest, app: Data<App>, me: Operator) -> Result<HttpResponse, PageError> {
    let form = PersonForm { zone: me.account.time_zone.name().to_owned(), ..PersonForm::default() };
    let form = late_form::typed(&req, "/operator/accounts/new").unwrap_or(form);
    draw(&req, &app, StatusCode::OK, form, Problems::default())
}

/// `POST /operator/accounts/new`
pub async fn add_person(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    Form(form): Form<PersonForm>,
) -> Result<HttpResponse, PageError> {
    let outcome = add_one(&req, &app, &me, &form).await;
    or_again(outcome, async |status, problems| draw(&req, &app, status, form, problems)).await
}

async fn add_one(req: &HttpRequest, app: &App, me: &Operator, form: &PersonForm) -> Result<HttpResponse, FormError> {
    let person = form.read()?;
    reauth::require(req, app, me).await?;
    let people = invite(app, me, &[person], |taken| (taken.field, taken.text)).await?;
    Ok(invited_page(req, app, people, &LeftOut::default())?)
}

/// `GET /operator/accounts/import`
pub async fn show_add_people(req: HttpRequest, app: Data<App>, _me: Operator) -> Result<HttpResponse, PageError> {
    let typed = late_form::typed::<ListForm>(&req, IMPORT).unwrap_or_default();
    let people = if typed.file.trim().is_empty() { typed.people } else { typed.file };
    draw_list(&req, &app, StatusCode::OK, people.into(), Problems::default())
}

/// `POST /operator/accounts/import`: everybody on the list is added, or nobody.
pub async fn add_people(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    form: UploadForm,
) -> Result<HttpResponse, PageError> {
    form.typed::<ListForm>()?;
    let pasted = form.text("people")?;
    // What was uploaded is taken instead of what was pasted.
    let list = match form.file("file") {
        Ok(file) if file.text.trim().is_empty() => pasted.into(),
        Ok(file) => file,
        Err(NotText) => {
            let problems =
                Problems::one("file", "This file is not a list as text. Save it as CSV and choose it again.");
            return draw_list(&req, &app, StatusCode::UNPROCESSABLE_ENTITY, pasted.into(), problems);
        }
    };
    if !form.is_ours {
        return draw_list(&req, &app, StatusCode::FORBIDDEN, list, Problems::one("", LATE));
    }
    let outcome = match list.is_guess {
        true => check_list(&app, &me, &list.text)
            .await
            .and_then(|_| Err(FormError::Again(StatusCode::OK, Problems::default()))),
        false => add_list(&req, &app, &me, &list.text).await,
    };
    or_again(outcome, async |status, problems| draw_list(&req, &app, status, list, problems)).await
}

async fn add_list(req: &HttpRequest, app: &App, me: &Operator, people: &str) -> Result<HttpResponse, FormError> {
    let PeopleList { people, left_out } = check_list(app, me, people).await?;
    reauth::require(req, app, me).await?;
    let line = |taken: TakenName| ("people", taken.in_its_line().1);
    let people = invite(app, me, &people, line).await?;
    Ok(invited_page(req, app, people, &left_out)?)
}

/// The people of a list without a mistake.
async fn check_list(app: &App, me: &Operator, people: &str) -> Result<PeopleList, FormError> {
    match people_list::read(people, me.account.time_zone) {
        Ok(list) => Ok(list),
        Err(BadList { mut wrong, people, .. }) => {
            // Whose name is taken is said at once, and not when the rest is mended.
            wrong.extend(taken_names(app, &people).await?.into_iter().map(TakenName::in_its_line));
            wrong.sort_by_key(|(line, _)| *line);
            Err(lines(wrong).into())
        }
    }
}

/// What is told of a list's columns that are not read, whatever else is wrong with it.
fn left_out(list: &str) -> Option<String> {
    match people_list::read(list, Tz::UTC) {
        Ok(PeopleList { left_out, .. }) | Err(BadList { left_out, .. }) => left_out.told(),
    }
}

/// What is wrong with which lines, for the field of the list.
fn lines(wrong: Vec<(u64, String)>) -> Problems {
    let mut problems = Problems::default();
    wrong.into_iter().for_each(|(_, text)| problems.note("people", text));
    problems
}

/// A name or address that somebody else has.
struct TakenName {
    line: u64,
    field: &'static str,
    text: String,
}

impl TakenName {
    fn new(person: &Person, field: &'static str) -> Self {
        let (what, text) = match field {
            "email" => ("address", &person.email),
            _ => ("username", &person.username),
        };
        let text = format!("The {what} “{text}” belongs to an account already.");
        Self { line: person.line, field, text }
    }

    fn in_its_line(self) -> (u64, String) {
        (self.line, format!("Line {}: {}", self.line, self.text))
    }
}

/// The names and addresses that belong to accounts already.
async fn taken_names(app: &App, people: &[Person]) -> Result<Vec<TakenName>, PageError> {
    let mut taken = Vec::new();
    for person in people {
        for (field, text) in [("username", &person.username), ("email", &person.email)] {
            if app.store.account_named(text).await?.is_some() {
                taken.push(TakenName::new(person, field));
                break;
            }
        }
    }
    Ok(taken)
}

/// Makes the accounts and the way to each password, all or none; `place` says where a form tells what is taken.
async fn invite(
    app: &App,
    me: &Operator,
    people: &[Person],
    place: impl Fn(TakenName) -> (&'static str, String),
) -> Result<Vec<Invited>, FormError> {
    let mut tx = me.begin(app).await?;
    let (mut invited, mut problems) = (Vec::new(), Problems::default());
    for person in people {
        let new = NewAccount {
            username: person.username.clone(),
            email: person.email.clone(),
            password_hash: None,
            time_zone: person.time_zone,
            operator: person.operator,
            vouched: true,
            max_token_days: app.settings.max_token_days,
        };
        let mut taken = |field| {
            let (field, text) = place(TakenName::new(person, field));
            problems.note(field, text);
        };
        match tx.add_invited_account(&new, &me.actor, me.now).await? {
            Registration::Made(id) => {
                invited.push(hand(app, &mut tx, me, id, (&person.username, &person.email)).await?);
            }
            Registration::UsernameTaken => taken("username"),
            Registration::EmailTaken => taken("email"),
        }
    }
    let invited = problems.or(Some(invited))?;
    tx.commit().await?;
    Ok(invited)
}

/// Mails somebody the link, or makes one to hand over; that is empty where it is mailed.
async fn hand(
    app: &App,
    tx: &mut Transaction,
    me: &Operator,
    id: AccountId,
    (username, email): (&str, &str),
) -> Result<Invited, PageError> {
    let link = if app.settings.smtp_url.is_some() {
        let mail = app.new_mail(MailKind::Invitation, Some(id), email);
        tx.hand_invitation(id, InvitationWay::Mail(&mail), me.now).await?;
        String::new()
    } else {
        let secret = one_time_link::generate(&mut crate::random::system());
        tx.hand_invitation(id, InvitationWay::Handed(&one_time_link::hash(&secret)), me.now).await?;
        app.settings.public_url.of(&one_time_link::password_path(&secret))
    };
    Ok(Invited { username: username.to_owned(), email: email.to_owned(), link })
}

/// Invites somebody once more.
pub(super) async fn again(
    app: &App,
    tx: &mut Transaction,
    me: &Operator,
    account: &Account,
) -> Result<Invited, PageError> {
    hand(app, tx, me, account.id, (&account.username, &account.email)).await
}

/// The page after an invitation: the links to hand over, or that mails are on their way.
pub(super) fn invited_page(
    req: &HttpRequest,
    app: &App,
    people: Vec<Invited>,
    left_out: &LeftOut,
) -> Result<HttpResponse, PageError> {
    let (are_mailed, left_out) = (app.settings.smtp_url.is_some(), left_out.told());
    if are_mailed && left_out.is_none() {
        return Ok(go_to(req, Flash::PeopleInvited.at(INVITATIONS)));
    }
    let title = match (are_mailed, people.len()) {
        (true, _) => "Invited",
        (false, 1) => "Hand over this link",
        (false, _) => "Hand over these links",
    };
    let page = Page::in_section(req, title, "operator-accounts");
    answer(StatusCode::OK, &InvitedPage { page, people, left_out, are_mailed })
}

fn draw(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    form: PersonForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = AddPerson {
        page: Page::in_section(req, "Add a person", "operator-accounts"),
        form,
        mails_are_files: app.settings.smtp_url.is_none(),
        problems,
    };
    answer(status, &page)
}

fn draw_list(
    req: &HttpRequest,
    app: &App,
    status: StatusCode,
    TextFile { text: people, is_guess }: TextFile,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = AddList {
        page: Page::in_section(req, "Add people from a list", "operator-accounts"),
        left_out: left_out(&people),
        people,
        is_guess,
        mails_are_files: app.settings.smtp_url.is_none(),
        problems,
    };
    answer(status, &page)
}
