use strum::VariantArray;

use super::*;
use crate::tokens::{AccountId, TokenId};

const MAIN: &str = "0190a000-0000-7000-8000-000000000001";
const TEAM: &str = "0190a000-0000-7000-8000-000000000002";

fn feed(id: &str) -> FeedId {
    FeedId::parse(id).unwrap()
}

fn rules(feeds: &[FeedId]) -> Rules<'_> {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    Rules { now, zone: Tz::UTC, max_days: None, feeds, by_operator: false }
}

fn draft() -> Draft {
    Draft {
        name: "CI".to_owned(),
        scopes: vec!["nuget:pull".to_owned(), "nuget:push".to_owned()],
        patterns: "Contoso.*".to_owned(),
        feeds: FeedChoice::All,
        expires: "90d".to_owned(),
        ..Draft::default()
    }
}

fn token() -> Token {
    let (id, account) = (TokenId::parse(MAIN).unwrap(), AccountId::parse(MAIN).unwrap());
    let rules = rules(&[]);
    draft().new_token(&rules).unwrap().into_token(id, account, rules.now)
}

/// The fields that are wrong in a new token, each with what is said first about it.
fn wrong(draft: &Draft, rules: &Rules<'_>) -> Vec<(TokenField, String)> {
    let errors = draft.new_token(rules).err().unwrap_or_default();
    errors.iter().map(|error| (error.field.unwrap(), error.to_string())).collect()
}

#[test]
fn a_draft_that_breaks_no_rule_is_a_new_token() {
    let new = draft().new_token(&rules(&[])).unwrap();
    assert_eq!((new.name.as_str(), new.note.as_str()), ("CI", ""));
    assert_eq!(new.permissions.to_string(), "nuget:pull nuget:push");
    assert_eq!((new.patterns.as_str(), new.feeds), ("Contoso.*", Feeds::All));
    assert_eq!(new.expires_at, Some(rules(&[]).now + Duration::days(90)));
}

#[test]
fn every_mistake_is_told_of_its_field_in_the_order_of_the_form() {
    let nothing = wrong(&Draft { note: "x".repeat(501), ..Draft::default() }, &rules(&[]));
    let fields: Vec<_> = nothing.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, TokenField::VARIANTS);
    let lines = |count| Draft { patterns: "a b\n".repeat(count), ..draft() };
    assert_eq!(wrong(&lines(10), &rules(&[])).len(), 10);
    let told = wrong(&lines(11), &rules(&[]));
    assert_eq!((told.len(), told[10].1.as_str()), (11, "There is something wrong with 1 more line."));
    assert_eq!(wrong(&lines(12), &rules(&[]))[10].1, "There is something wrong with 2 more lines.");
}

#[test]
fn a_preset_stands_for_the_scopes_of_its_kinds() {
    let preset = Draft { preset: "read".to_owned(), kinds: "npm".to_owned(), ..draft() };
    assert_eq!(preset.permissions().unwrap().to_string(), "npm:pull");
    assert_eq!(Draft { kinds: "cargo".to_owned(), ..preset }.permissions(), Err(BadPermissions::NoKind));
    let custom = Draft { preset: "custom".to_owned(), ..draft() };
    assert_eq!(custom.permissions(), draft().permissions());
}

#[test]
fn each_scope_stands_alone_and_only_operators_give_introspection() {
    let asking = |scope: &str| Draft { scopes: vec![scope.to_owned()], ..draft() };
    let two = wrong(&asking("nuget:pull,npm:pull"), &rules(&[]));
    assert_eq!(two, [(TokenField::Permissions, "There is no permission “nuget:pull,npm:pull”.".to_owned())]);
    let introspect = asking("api:introspect");
    let only = "Only operators give the permission “api:introspect”.".to_owned();
    assert_eq!(wrong(&introspect, &rules(&[])), [(TokenField::Permissions, only)]);
    assert!(introspect.new_token(&Rules { by_operator: true, ..rules(&[]) }).is_ok());
}

#[test]
fn feeds_are_chosen_among_those_in_reach() {
    let asking = |ids: &[&str]| FeedChoice::Some(ids.iter().map(|&id| id.to_owned()).collect());
    let reachable = [feed(MAIN)];
    assert_eq!(asking(&[MAIN]).read(&reachable), Ok(Feeds::Some(vec![feed(MAIN)])));
    assert_eq!(asking(&[MAIN, TEAM]).read(&reachable), Err(BadFeeds::OutOfReach));
    assert_eq!(asking(&["main"]).read(&reachable), Err(BadFeeds::OutOfReach));
    assert_eq!(asking(&[]).read(&reachable), Err(BadFeeds::None));
    assert_eq!(FeedChoice::Missing.read(&reachable), Err(BadFeeds::Missing));
}

#[test]
fn an_edit_keeps_a_feed_that_is_out_of_reach_but_takes_no_new_one() {
    let token =
        Token { settings: TokenSettings { feeds: Feeds::Some(vec![feed(TEAM)]), ..token().settings }, ..token() };
    let edit = |id: &str| {
        let feeds = FeedChoice::Some(vec![id.to_owned()]);
        Draft { feeds, expires: KEEP.to_owned(), ..draft() }.edit(&token, &rules(&[])).map(|edit| edit.feeds)
    };
    assert_eq!(edit(TEAM), Ok(Feeds::Some(vec![feed(TEAM)])));
    assert_eq!(
        edit(MAIN),
        Err(vec![FieldError { field: Some(TokenField::Feeds), error: BadFeeds::OutOfReach.into() }])
    );
}

#[test]
fn an_edit_is_held_against_the_token() {
    let refused = |draft: Draft, token: &Token| draft.edit(token, &rules(&[])).unwrap_err();
    let more = Draft { scopes: vec!["nuget:delete".to_owned()], expires: "91".to_owned(), ..draft() };
    let both = [EditRefused::MorePermissions.into(), EditRefused::LaterEnd.into()];
    assert_eq!(refused(more, &token()), both);
    let revoked = Token { revoked_at: Some(rules(&[]).now), ..token() };
    assert_eq!(refused(draft(), &revoked), [EditRefused::Revoked.into()]);
    let kept = Draft { expires: KEEP.to_owned(), ..draft() };
    assert_eq!(kept.edit(&token(), &rules(&[])).unwrap().expires_at, token().settings.expires_at);
    assert_eq!(
        wrong(&kept, &rules(&[])),
        [(TokenField::End, BadExpiry::NotAChoice.to_string())],
        "a new token has no end"
    );
}

#[test]
fn days_may_end_on_a_weekday_morning_and_dates_do_not() {
    let end = |expires: &str, max_days| {
        let draft = Draft { expires: expires.to_owned(), weekday_morning: true, ..draft() };
        draft.end(&Rules { max_days, ..rules(&[]) }, None).unwrap().unwrap().to_rfc3339()
    };
    assert_eq!(end("90", None), "2027-02-22T10:00:00+00:00", "a Sunday noon becomes Monday");
    assert_eq!(end("90", Some(90)), "2027-02-19T10:00:00+00:00", "or the Friday before");
    assert_eq!(end("2027-02-21", None), "2027-02-22T00:00:00+00:00");
}

#[test]
fn a_name_left_empty_is_asked_for_by_kind_and_day() {
    let unnamed = Draft { name: " ".to_owned(), ..draft() };
    assert!(unnamed.is_unnamed() && !draft().is_unnamed());
    assert_eq!(unnamed.default_name(&rules(&[])), "NuGet token, 23 Nov");
    assert_eq!(Draft { scopes: Vec::new(), ..unnamed }.default_name(&rules(&[])), "NuGet token, 23 Nov");
}
