//! A person with a browser: follows no redirect by itself, keeps cookies, fills the forms that pages show, and sends
//! what browsers send with them.

use std::{cell::Cell, cell::RefCell, collections::BTreeMap, net::SocketAddr};

use latchkey::config::PublicUrl;
use reqwest::{Client, Method, RequestBuilder};

use super::{page::Form, page::Page, world::World, world::password_of};

/// A browser.
pub struct Browser {
    http: Client,
    server: String,
    site: PublicUrl,
    /// The address it comes from, as the proxy says.
    pub address: RefCell<String>,
    /// Its cookies.
    pub cookies: RefCell<BTreeMap<String, String>>,
    /// Another host that its requests claim to be for; none if it is honest.
    pub claims: Cell<Option<&'static str>>,
}

/// A token that somebody made, with its key.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

impl Browser {
    /// A browser nobody used yet.
    pub fn new(http: Client, server: SocketAddr, site: PublicUrl) -> Self {
        let address = RefCell::new("203.0.113.7".to_owned());
        Self {
            http,
            server: format!("http://{server}"),
            site,
            address,
            cookies: RefCell::default(),
            claims: Cell::default(),
        }
    }

    /// The same person's browser, talking to another node.
    pub fn through(&self, server: SocketAddr) -> Self {
        let browser = Self::new(self.http.clone(), server, self.site.clone());
        browser.cookies.replace(self.cookies.borrow().clone());
        browser
    }

    /// The same browser coming from another address.
    pub fn from(self, address: &str) -> Self {
        self.address.replace(address.to_owned());
        self
    }

    /// A request as a browser makes it from our own pages.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare_request(method.clone(), path).header("sec-fetch-site", "same-origin");
        if method == Method::GET { request } else { request.header("origin", self.site.origin()) }
    }

    /// A request that says nothing about the page it comes from.
    pub fn bare_request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, format!("{}{path}", self.server));
        let request = request.header("x-forwarded-for", self.address.borrow().as_str()).header("user-agent", "Otter/7");
        let request = match self.claims.get() {
            None => request,
            Some(host) => request
                .header("host", host)
                .header("x-forwarded-host", host)
                .header("x-forwarded-proto", "http")
                .header("x-forwarded-prefix", format!("/{host}"))
                .header("forwarded", format!("host={host};proto=http")),
        };
        if cookies.is_empty() { request } else { request.header("cookie", cookies.join("; ")) }
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn send(&self, request: RequestBuilder) -> Page {
        let page = Page::of(request.send().await.unwrap()).await;
        for cookie in page.cookies() {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            if value.is_empty() {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        page
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a form.
    pub async fn submit(&self, form: Form) -> Page {
        let Form { action, fields } = form;
        self.post(&action, &fields).await
    }

    /// Sends fields to a path.
    pub async fn post<T: AsRef<str>>(&self, path: &str, fields: &[(T, T)]) -> Page {
        self.send(with_fields(self.request(Method::POST, path), fields)).await
    }

    /// Opens a page, changes its form and sends it.
    pub async fn fill(&self, path: &str, tx: impl FnOnce(Form) -> Form) -> Page {
        let action = path.split('?').next().unwrap_or(path);
        let page = self.get(path).await;
        self.submit(tx(page.form(action))).await
    }

    /// Signs in.
    pub async fn sign_in(&self, username: &str, password: &str) -> Page {
        self.fill("/sign-in", |form| form.set("username", username).set("password", password)).await
    }

    /// Whether anybody is signed in here.
    pub async fn is_signed_in(&self) -> bool {
        self.get("/settings/tokens").await.status == 200
    }

    /// Sends the form that creates a token: NuGet read and write for `Contoso.*`, 90 days, unless changed.
    pub async fn create(&self, name: &str, tx: impl FnOnce(Form) -> Form) -> Page {
        let page = self.get("/settings/tokens/new").await;
        self.submit(tx(filled(page.form("/settings/tokens"), name))).await
    }

    /// Creates a token and copies its key.
    pub async fn key(&self, world: &World, name: &str) -> Key {
        self.key_with(world, name, |form| form).await
    }

    /// The same, for so many days.
    pub async fn key_for(&self, world: &World, name: &str, days: &str) -> Key {
        self.key_with(world, name, |form| form.set("expires", days)).await
    }

    /// The same, with a changed form.
    pub async fn key_with(&self, world: &World, name: &str, tx: impl FnOnce(Form) -> Form) -> Key {
        let page = self.create(name, tx).await;
        assert_eq!(page.status, 200, "{}", page.body);
        Key { secret: page.secret().expect("the page shows a key"), id: newest_token(world, name).await }
    }

    /// Refreshes a token.
    pub async fn refresh(&self, id: &str, lifetime: &str) -> Page {
        let with_id = |form: Form| if form.value("form_id").is_empty() { form.set("form_id", "-") } else { form };
        self.act(id, "refresh", |form| with_id(form).set("lifetime", lifetime)).await
    }

    /// Opens one of the pages that ask before an act, and presses its button; where it has none, as it is the wrong
    /// moment for the act, sends what a page from before would.
    pub async fn act(&self, id: &str, verb: &str, tx: impl FnOnce(Form) -> Form) -> Page {
        let path = format!("/settings/tokens/{id}/{verb}");
        let form = self.get(&path).await.form_or_bare(&path);
        self.submit(tx(form)).await
    }

    /// Opens one of the pages that ask before an act, presses its button, and must succeed.
    pub async fn must(&self, id: &str, verb: &str) {
        let page = self.act(id, verb, |form| form).await;
        assert_eq!(page.status, 303, "{}", page.body);
    }
}

/// A request with a form in it.
pub fn with_fields<T: AsRef<str>>(request: RequestBuilder, fields: &[(T, T)]) -> RequestBuilder {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    request.header("content-type", "application/x-www-form-urlencoded").body(body.finish())
}

/// The form of a new token, filled.
pub fn filled(form: Form, name: &str) -> Form {
    form.set("name", name).add("permission", "nuget:pull").add("permission", "nuget:push").set("patterns", "Contoso.*")
}

/// The id of a token by its name; the newest, if there are more.
pub async fn newest_token(world: &World, name: &str) -> String {
    let sql = "SELECT id FROM tokens WHERE name = $1 ORDER BY created_at DESC, id DESC LIMIT 1";
    world.database.text(sql, &[name]).await
}

/// Types somebody's password into a form, as the fresh proof that it asks for.
pub fn proven(form: Form, username: &str) -> Form {
    form.set("proof_password", &password_of(username))
}
