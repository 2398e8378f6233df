//! An answer as a person sees it: status, headers, headings, forms, problems beside their fields.

use reqwest::{Response, header::HeaderMap};
use scraper::{ElementRef, Html, Selector};

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// A form with the fields it would send now.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// Reads an answer to its end.
    pub async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Which headers there are, sorted.
    pub fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The `Set-Cookie` lines.
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// The texts of what a selector matches, their blanks folded.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).map(|element| folded(&element)).collect()
    }

    /// The attributes of what a selector matches.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// The main heading.
    pub fn heading(&self) -> String {
        self.texts("h1").concat()
    }

    /// What is wrong with a field; empty if nothing is.
    pub fn problem(&self, field: &str) -> String {
        self.texts(&format!("#{field}-error")).concat()
    }

    /// Everything that is wrong: from beside the fields where it stands there, else from the summary.
    pub fn problems(&self) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        let [item, link] = [".problems li", ".problems li a"].map(|selector| Selector::parse(selector).unwrap());
        let field =
            |item: &ElementRef<'_>| item.select(&link).next().and_then(|link| link.attr("href")).map(str::to_owned);
        let stands_there = |item: &ElementRef<'_>| {
            field(item).is_some_and(|field| !self.attributes(&format!("{field}-error"), "id").is_empty())
        };
        let summary = page.select(&item).filter(|item| !stands_there(item)).map(|item| folded(&item));
        summary.chain(self.texts(".field-error .line")).collect()
    }

    /// The key that the page shows.
    pub fn secret(&self) -> Option<String> {
        self.texts("[data-secret]").pop()
    }

    /// The form that is sent to a path; where the page has none, what one that was kept from before would send.
    pub fn form_or_bare(&self, action: &str) -> Form {
        let selector = format!("form[method=post][action='{action}']");
        if self.attributes(&selector, "action").is_empty() {
            Form { action: action.to_owned(), fields: vec![("csrf".to_owned(), self.form_value())] }
        } else {
            self.form(action)
        }
    }

    /// The form that is sent to a path.
    pub fn form(&self, action: &str) -> Form {
        let page = Html::parse_document(&self.body);
        let selector = Selector::parse(&format!("form[method=post][action='{action}']")).unwrap();
        let form = page.select(&selector).next();
        let form = form.unwrap_or_else(|| panic!("{} with no form for {action}: {}", self.status, self.body));
        let fields = Selector::parse("input[name], textarea[name], select[name]").unwrap();
        let fields = form.select(&fields).filter_map(|field| sent(&field)).collect();
        Form { action: action.to_owned(), fields }
    }

    /// The value that the page's forms carry; empty on a page without forms.
    pub fn form_value(&self) -> String {
        self.attributes("input[name=csrf]", "value").pop().unwrap_or_default()
    }

    /// The page without what differs at every showing.
    pub fn without_tags(&self) -> String {
        let value = Selector::parse("input[name=csrf], input[name=form_id]").unwrap();
        let page = Html::parse_document(&self.body);
        let values = page.select(&value).filter_map(|field| field.attr("value"));
        values.filter(|value| !value.is_empty()).fold(self.body.clone(), |body, value| body.replace(value, "…"))
    }
}

impl Form {
    /// Gives a field this value and no other.
    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).add(name, value)
    }

    /// Gives a field one more value.
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a field out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    /// Clears one box of a group.
    pub fn untick(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, own)| field != name || own != value);
        self
    }

    /// The value of a field; the first, if there are more.
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// What a field sends, if it sends anything.
fn sent(field: &ElementRef<'_>) -> Option<(String, String)> {
    let name = field.attr("name")?.to_owned();
    let is_box = matches!(field.attr("type"), Some("checkbox" | "radio"));
    if field.attr("disabled").is_some() || (is_box && field.attr("checked").is_none()) {
        return None;
    }
    let value = match field.value().name() {
        "textarea" => field.text().collect(),
        "select" => chosen(field),
        _ => field.attr("value").unwrap_or_default().to_owned(),
    };
    Some((name, value))
}

/// What a list sends: the choice that is marked, else the first.
fn chosen(list: &ElementRef<'_>) -> String {
    let value = |choices: &str| {
        let choices = Selector::parse(choices).unwrap();
        list.select(&choices).next().and_then(|choice| choice.attr("value")).map(str::to_owned)
    };
    value("option[selected]").or_else(|| value("option")).unwrap_or_default()
}

fn folded(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
