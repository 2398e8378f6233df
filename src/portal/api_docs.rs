//! The page on which people read what the API does: its description, drawn.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde_json::Value;

use crate::{
    app::App,
    openapi::description,
    web::{
        error::PageError,
        page::{Page, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/api_docs.html")]
struct Docs {
    page: Page,
    base: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// What belongs together.
struct Group {
    tag: String,
    operations: Vec<Operation>,
}

/// One method at one address.
struct Operation {
    anchor: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    /// In the address and in headers.
    parameters: Vec<Field>,
    /// The shape of the body that is sent.
    body: Option<String>,
    answers: Vec<Reply>,
}

/// What is answered.
struct Reply {
    status: String,
    about: String,
    /// The shape of the body that comes.
    body: Option<String>,
}

/// The shape of a body.
struct Shape {
    name: String,
    about: String,
    fields: Vec<Field>,
}

/// A part of a shape, or a parameter.
struct Field {
    name: String,
    /// `string`, `header`, …
    kind: String,
    about: String,
    required: bool,
}

/// `GET /api/docs`
pub async fn show_api_docs(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    let description = serde_json::to_value(description(&app)).map_err(anyhow::Error::from)?;
    let page = Docs {
        page: Page::in_section(&req, "Management API", "guide"),
        base: app.settings.public_url.of("/api/v1"),
        groups: groups(&description),
        shapes: shapes(&description),
    };
    answer(StatusCode::OK, &page)
}

fn groups(description: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (path, methods) in entries(&description["paths"]) {
        for (method, operation) in entries(methods) {
            let tag = text(&operation["tags"][0]);
            let operation = Operation::read(path, method, operation);
            match groups.iter_mut().find(|group| group.tag == tag) {
                Some(group) => group.operations.push(operation),
                None => groups.push(Group { tag, operations: vec![operation] }),
            }
        }
    }
    groups
}

impl Operation {
    fn read(path: &str, method: &str, operation: &Value) -> Self {
        let parameter = |parameter: &Value| Field {
            name: text(&parameter["name"]),
            kind: text(&parameter["in"]),
            about: text(&parameter["description"]),
            required: parameter["required"] == true,
        };
        let reply = |(status, reply): (&String, &Value)| Reply {
            status: status.clone(),
            about: text(&reply["description"]),
            body: body_of(reply),
        };
        Self {
            anchor: text(&operation["operationId"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            parameters: operation["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
            body: body_of(&operation["requestBody"]),
            answers: entries(&operation["responses"]).map(reply).collect(),
        }
    }
}

fn shapes(description: &Value) -> Vec<Shape> {
    let all = entries(&description["components"]["schemas"]);
    all.map(|(name, schema)| Shape { name: name.clone(), about: text(&schema["description"]), fields: fields(schema) })
        .collect()
}

/// The fields of a shape, those of the shapes that it is made of first.
fn fields(schema: &Value) -> Vec<Field> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let within = parts.flat_map(|part| match named(part) {
        Some(shape) => {
            vec![Field { name: "…".to_owned(), kind: shape, about: "All of its fields.".to_owned(), required: true }]
        }
        None => fields(part),
    });
    let own = entries(&schema["properties"]).map(|(name, field)| Field {
        name: name.clone(),
        kind: kind(field),
        about: text(&field["description"]),
        required: required(name),
    });
    within.chain(own).collect()
}

/// `string`, `string or null`, `array of string`, or the name of a shape.
fn kind(field: &Value) -> String {
    if let Some(shape) = named(field) {
        return shape;
    }
    let words: Vec<_> = match &field["type"] {
        Value::Array(all) => all.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let items = &field["items"];
    let word = |word: String| if word == "array" { format!("array of {}", kind(items)) } else { word };
    words.into_iter().map(word).collect::<Vec<_>>().join(" or ")
}

/// The name of the shape that a schema refers to.
fn named(schema: &Value) -> Option<String> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let reference = choices.chain([schema]).find_map(|one| one["$ref"].as_str())?;
    reference.rsplit('/').next().map(str::to_owned)
}

/// The shape of the body that is sent or comes.
fn body_of(holder: &Value) -> Option<String> {
    entries(&holder["content"]).find_map(|(_, content)| named(&content["schema"]))
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
