//! The guide: how to use a token with each client, what each refusal means, and how patterns match. For everybody.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::clients::{Clients, FeedAddress};
use crate::{
    app::App,
    tokens::decision::{Class, Reason},
    web::{
        error::PageError,
        page::{Page, answer, signed_in},
    },
};

#[derive(Template)]
#[template(path = "portal/guide.html")]
struct Guide {
    page: Page,
    clients: Clients,
    other_feed: Vec<FeedAddress>,
    link: String,
    patterns: &'static [Example],
    refusals: Vec<Refusal>,
}

/// A pattern and what it does; a test holds every name against the real rule.
struct Example {
    pattern: &'static str,
    covers: &'static [&'static str],
    leaves_out: &'static [&'static str],
}

/// A link that fills the form of a new token.
const LINK: &str =
    "/settings/tokens/new?name=Contoso+CI&allow=nuget:push,nuget:pull&packages=Contoso.*,Fabrikam.Core&expires=90";

const PATTERNS: &[Example] = &[
    Example { pattern: "*", covers: &["every package, now and later"], leaves_out: &[] },
    Example { pattern: "Contoso.Core", covers: &["Contoso.Core", "contoso.core"], leaves_out: &["Contoso.Core.Tests"] },
    Example {
        pattern: "Contoso.*",
        covers: &["Contoso.Core", "Contoso.Core.Tests"],
        leaves_out: &["Contoso", "ContosoTools"],
    },
    Example { pattern: "*.Tests", covers: &["Contoso.Core.Tests"], leaves_out: &["Contoso.Tests.Data"] },
    Example { pattern: "@team/*", covers: &["@team/ui"], leaves_out: &["@other/ui"] },
];

/// A refusal in its three parts, and its word for anchors.
struct Refusal {
    word: &'static str,
    phrase: &'static str,
    status: &'static str,
    advice: &'static str,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { word: reason.as_str(), phrase: reason.phrase(), status: status(reason.class()), advice: reason.advice() }
    }
}

/// `GET /guide`
pub async fn show_guide(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    signed_in(&req).await?;
    let public = &app.settings.public_url;
    let page = Guide {
        page: Page::in_section(&req, "Use your token", "guide"),
        clients: Clients::of_feed(&app.settings, "main"),
        other_feed: Clients::of_feed(&app.settings, "NAME").addresses(),
        link: public.of(LINK),
        patterns: PATTERNS,
        refusals: Reason::ALL.into_iter().map(Refusal::from).collect(),
    };
    answer(StatusCode::OK, &page)
}

fn status(class: Class) -> &'static str {
    match class {
        Class::NotLive => "401; an API key gets 403",
        Class::Forbidden => "403",
        Class::NotFound => "404",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::pattern::Pattern;

    #[test]
    fn every_example_is_true() {
        for example in PATTERNS {
            let pattern = Pattern::parse(example.pattern).unwrap();
            let names =
                |names: &[&'static str]| names.iter().copied().filter(|name| !name.contains(' ')).collect::<Vec<_>>();
            assert!(names(example.covers).iter().all(|name| pattern.covers(name)), "{}", example.pattern);
            assert!(!names(example.leaves_out).iter().any(|name| pattern.covers(name)), "{}", example.pattern);
        }
    }
}
