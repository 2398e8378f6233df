//! A line of the tables of addresses, and how the server takes it.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, Route, guard,
    http::{Method, header::ALLOW},
    web::{ServiceConfig, resource, route, to},
};

use super::{Address, Audience};

/// A line of the tables.
pub(super) struct Line {
    methods: &'static [Method],
    path: &'static str,
    route: Route,
}

impl Line {
    pub(super) fn addresses(self, prefix: &str, audience: Audience) -> impl Iterator<Item = Address> + use<> {
        let path = format!("{prefix}{}", self.path);
        let methods = self.methods.iter().filter(|method| **method != Method::HEAD);
        methods.map(move |method| Address { method: method.clone(), path: path.clone(), audience })
    }
}

fn line<F, Args>(methods: &'static [Method], path: &'static str, handler: F) -> Line
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let first = guard::Any(guard::Method(methods[0].clone()));
    let any = methods[1..].iter().fold(first, |any, method| any.or(guard::Method(method.clone())));
    Line { methods, path, route: route().guard(any).to(handler) }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $methods:expr;)+) => {
        $($(#[$doc])*
        pub(super) fn $name<F, Args>(path: &'static str, handler: F) -> Line
        where
            F: Handler<Args>,
            Args: FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            line($methods, path, handler)
        })+
    };
}

methods! {
    /// A page: HEAD reaches it as GET.
    get = &[Method::GET];
    /// An address that is only read, by programs.
    read = &[Method::GET, Method::HEAD];
    /// An address that was a page's, or took a form.
    moved = &[Method::GET, Method::HEAD, Method::POST];
    post = &[Method::POST];
    put = &[Method::PUT];
    patch = &[Method::PATCH];
    delete = &[Method::DELETE];
}

/// Enters the lines, those of one address as one resource; `finish` says what it answers to other methods.
pub(super) fn register(cfg: &mut ServiceConfig, lines: Vec<Line>, finish: fn(Resource, String) -> Resource) {
    let mut lines = lines.into_iter().peekable();
    while let Some(Line { methods, path, route }) = lines.next() {
        let mut known: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let mut whole = resource(path).route(route);
        while let Some(more) = lines.next_if(|line| line.path == path) {
            known.extend(more.methods.iter().map(Method::as_str));
            whole = whole.route(more.route);
        }
        cfg.service(finish(whole, known.join(", ")));
    }
}

/// An address that answers other methods with the ones it knows, whoever asks.
pub(super) fn only(resource: Resource, allowed: String) -> Resource {
    resource.default_service(to(move || {
        let allowed = allowed.clone();
        async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish() }
    }))
}
