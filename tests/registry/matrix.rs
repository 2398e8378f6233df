//! The matrix: every form of credential, state, permission, pattern, feed, role, ownership and operation, evenly sampled from
//! all their combinations, against what the design says.

use actix_web::{
    App as Web,
    body::{BoxBody, to_bytes},
    dev::{Service, ServiceResponse},
    http::Method,
    test::{TestRequest, init_service},
};
use chrono::Duration;
use latchkey::{
    audit::Actor,
    config::Settings,
    routes,
    runtime::WorkerTasks,
    serve::Patience,
    store::Made,
    tokens::{AccountId, FeedId, Feeds, Secret, decision::Role},
};
use serde_json::Value;
use tokio::runtime::Handle;

use super::matrix_oracle::{Cell, Covered, Door, Form, Grant, Names, Operation, Owned, Part, State};
use crate::support::{
    database::Engine,
    npm::{document, package},
    nupkg::nupkg,
    wire::basic,
    world::World,
};

const FORMS: [Form; 7] =
    [Form::None, Form::EmptyBasic, Form::ApiKey, Form::Basic, Form::Bearer, Form::TwoDifferent, Form::TwoEqual];
const STATES: [State; 9] = [
    State::Active,
    State::ExpiresSoon,
    State::Expired,
    State::Deactivated,
    State::Revoked,
    State::Replaced,
    State::AccountDisabled,
    State::Unknown,
    State::Malformed,
];
const DOORS: [Door; 3] = [Door::NuGet, Door::Npm, Door::Container];
const GRANTS: [(Grant, &str); 6] = [
    (Grant::Pull, "nuget:pull"),
    (Grant::Push, "nuget:push"),
    (Grant::PushVersion, "nuget:push-version"),
    (Grant::Delete, "nuget:delete"),
    (Grant::Everything, "nuget:pull nuget:push nuget:delete npm:pull"),
    (Grant::Elsewhere, "npm:push npm:delete container:delete api:read api:manage"),
];
const NAMES: [(Names, &str); 3] =
    [(Names::All, "*"), (Names::These, "other contoso.*"), (Names::Others, "Contoso *.Core")];
const COVERED: [Covered; 3] = [Covered::All, Covered::These, Covered::Another];
const PARTS: [Part; 4] = [Part::None, Part::Reader, Part::Writer, Part::Owner];
const OWNED: [Owned; 3] = [Owned::New, Owned::Own, Owned::Others];
const OPERATIONS: [Operation; 7] = [
    Operation::Read,
    Operation::Push,
    Operation::Unlist,
    Operation::CanPull,
    Operation::CanPush,
    Operation::CanDelete,
    Operation::List,
];
/// Has no factor in common with any dimension, so every pair of values meets equally often.
const STRIDE: usize = 61;

/// The keys, by state, grant, names and covered feeds.
type Keys = Vec<String>;

/// Where the cells of the matrix are played.
struct Stage {
    world: World,
    keys: Keys,
    /// Another live key, for two credentials at once.
    other: String,
}

/// Picks the next digit of a number whose places have these many values.
fn pick<T: Copy>(number: &mut usize, values: &[T]) -> T {
    let value = values[*number % values.len()];
    *number /= values.len();
    value
}

fn cell(mut number: usize) -> Cell {
    let n = &mut number;
    Cell {
        door: pick(n, &DOORS),
        form: pick(n, &FORMS),
        state: pick(n, &STATES),
        grant: pick(n, &GRANTS).0,
        names: pick(n, &NAMES).0,
        covered: pick(n, &COVERED),
        part: pick(n, &PARTS),
        public: pick(n, &[false, true]),
        owned: pick(n, &OWNED),
        operation: pick(n, &OPERATIONS),
    }
}

fn cells() -> usize {
    [
        DOORS.len(),
        FORMS.len(),
        STATES.len(),
        GRANTS.len(),
        NAMES.len(),
        COVERED.len(),
        PARTS.len(),
        2,
        OWNED.len(),
        OPERATIONS.len(),
    ]
    .iter()
    .product()
}

fn feed_name(part: Part, public: bool) -> String {
    format!("{part:?}-{}", if public { "public" } else { "private" }).to_lowercase()
}

impl Stage {
    async fn set() -> Self {
        let registry = |settings: &mut Settings| settings.registry_services = vec!["registry".to_owned()];
        let world = World::published_with(Engine::Sqlite, registry, Patience::default()).await;
        let [ada, bo, gone] = [world.account("ada").await, world.account("bo").await, world.account("gone").await];
        let mut places = Vec::new();
        for (part, public) in PARTS.into_iter().flat_map(|part| [(part, false), (part, true)]) {
            places.push(place(&world, part, public, ada, bo).await);
        }
        world
            .sql(&format!(
                "UPDATE package_owners SET account = '{ada}' WHERE package IN (SELECT id FROM packages WHERE name_key = 'contoso.own')"
            ))
            .await;
        let keys = keys(&world, ada, gone, &places).await;
        let other = world.key_for(ada, "nuget:pull", "*", Feeds::All, None).await.text;
        world.set_account_disabled(gone, true).await;
        world.clock.advance(Duration::days(81));
        Self { world, keys, other }
    }

    fn key(&self, cell: &Cell) -> &str {
        let at = |of: usize, values: usize, before: usize| before * values + of;
        let state = STATES.iter().position(|&state| state == cell.state).unwrap();
        let grant = GRANTS.iter().position(|grant| grant.0 == cell.grant).unwrap();
        let names = NAMES.iter().position(|names| names.0 == cell.names).unwrap();
        let covered = COVERED.iter().position(|&covered| covered == cell.covered).unwrap();
        let door = DOORS.iter().position(|&door| door == cell.door).unwrap();
        let narrowed = at(covered, COVERED.len(), at(names, NAMES.len(), at(grant, GRANTS.len(), state)));
        &self.keys[at(door, DOORS.len(), narrowed)]
    }

    fn request(&self, number: usize, cell: &Cell) -> TestRequest {
        let (feed, key) = (feed_name(cell.part, cell.public), self.key(cell));
        let id = name_of(cell, number);
        let kind = word(cell.door);
        let can = |verb: &str| format!("/v1/tokens/current/can?action={kind}:{verb}&feed={feed}&package={id}");
        let registry = |verb: &str| {
            let scope = format!("/container/token?service=registry&scope=repository:{id}:{verb}");
            TestRequest::get().uri(&scope)
        };
        let door = match cell.door {
            Door::NuGet => format!("/feeds/{feed}/nuget/v3"),
            Door::Npm => format!("/feeds/{feed}/npm/{id}"),
            Door::Container => String::new(),
        };
        let request = match cell.operation {
            Operation::Read if cell.door == Door::Container => registry("pull"),
            Operation::Push if cell.door == Door::Container => registry("push"),
            Operation::Unlist if cell.door == Door::Container => registry("delete"),
            Operation::Read if cell.door == Door::Npm => TestRequest::get().uri(&door),
            Operation::Push if cell.door == Door::Npm => {
                let tarball = package(&id, "1.0.0", serde_json::json!({}));
                TestRequest::put().uri(&door).set_json(document(&id, "1.0.0", "latest", &tarball))
            }
            Operation::Unlist if cell.door == Door::Npm => {
                TestRequest::default().method(Method::DELETE).uri(&format!("{door}/-rev/none"))
            }
            Operation::Read => TestRequest::get().uri(&format!("{door}/flat/{}/index.json", id.to_lowercase())),
            Operation::Push => TestRequest::put()
                .uri(&format!("{door}/package"))
                .insert_header(("Content-Type", "application/octet-stream"))
                .set_payload(nupkg(&id, "1.0.0")),
            Operation::Unlist => {
                TestRequest::default().method(Method::DELETE).uri(&format!("{door}/package/{id}/1.0.0"))
            }
            Operation::CanPull => TestRequest::get().uri(&can("pull")),
            Operation::CanPush => TestRequest::get().uri(&can("push")),
            Operation::CanDelete => TestRequest::get().uri(&can("delete")),
            Operation::List => TestRequest::get().uri("/api/v1/packages?limit=1000"),
        };
        let by_header = ("X-NuGet-ApiKey", key.to_owned());
        match cell.form {
            Form::None => request,
            Form::EmptyBasic => request.insert_header(("Authorization", "Basic Og==")),
            Form::ApiKey => request.insert_header(by_header),
            Form::Basic => request.insert_header(("Authorization", basic(key))),
            Form::Bearer => request.insert_header(("Authorization", format!("Bearer {key}"))),
            Form::TwoDifferent => request.insert_header(by_header).insert_header(("Authorization", basic(&self.other))),
            Form::TwoEqual => request.insert_header(by_header).insert_header(("Authorization", basic(key))),
        }
    }
}

/// The word for the kind of packages behind a door.
fn word(door: Door) -> &'static str {
    match door {
        Door::NuGet => "nuget",
        Door::Npm => "npm",
        Door::Container => "container",
    }
}

/// The asked package. npm's are in lower case, and so are repositories, which begin with their feed.
fn name_of(cell: &Cell, number: usize) -> String {
    let name = match cell.owned {
        Owned::New => format!("Contoso.New{number}"),
        Owned::Own => "Contoso.Own".to_owned(),
        Owned::Others => "Contoso.Others".to_owned(),
    };
    match cell.door {
        Door::NuGet => name,
        Door::Npm => name.to_lowercase(),
        Door::Container => format!("{}/{}", feed_name(cell.part, cell.public), name.to_lowercase()),
    }
}

/// A feed in which Ada has a part, Bo owns everything, and two packages are.
async fn place(world: &World, part: Part, public: bool, ada: AccountId, bo: AccountId) -> FeedId {
    let name = feed_name(part, public);
    let feed = world.feed(&name, public, bo).await;
    let role = match part {
        Part::None => None,
        Part::Reader => Some(Role::Reader),
        Part::Writer => Some(Role::Writer),
        Part::Owner => Some(Role::Owner),
    };
    if let Some(role) = role {
        world.member((&name, feed), ada, role).await;
    }
    let key = world.key(bo, "nuget:push npm:push", "*").await;
    for id in ["Contoso.Own", "Contoso.Others"] {
        let path = format!("/feeds/{name}/nuget/v3/package");
        assert_eq!(world.push_to(&path, &key, &nupkg(id, "1.0.0")).await.status, 201);
        let id = id.to_lowercase();
        let put = document(&id, "1.0.0", "latest", &package(&id, "1.0.0", serde_json::json!({})));
        assert_eq!(world.put_json(&format!("/feeds/{name}/npm/{id}"), &key, &put).await.status, 201);
    }
    feed
}

async fn keys(world: &World, ada: AccountId, gone: AccountId, places: &[FeedId]) -> Keys {
    let another = world.store().feed("main", None).await.unwrap().unwrap().feed.id;
    let mut keys = Vec::new();
    for state in STATES {
        for (_, grant) in GRANTS {
            for (_, names) in NAMES {
                for covered in COVERED {
                    let feeds = match covered {
                        Covered::All => Feeds::All,
                        Covered::These => Feeds::Some(places.to_vec()),
                        Covered::Another => Feeds::Some(vec![another]),
                    };
                    let account = if state == State::AccountDisabled { gone } else { ada };
                    for door in DOORS {
                        let (grant, names) = of_door(door, grant, names);
                        keys.push(key(world, state, account, &grant, &names, feeds.clone()).await);
                    }
                }
            }
        }
    }
    keys
}

/// The same permissions of the kind behind a door, and the same names; a grant of other kinds has NuGet's where it had
/// that kind's. No key may push only new versions of images.
fn of_door(door: Door, grant: &str, names: &str) -> (String, String) {
    let kind = word(door);
    let grant = grant.replace(kind, "other").replace("nuget", kind).replace("other", "nuget");
    match door {
        Door::Container => (grant.replace("container:push-version", ""), names.replace("contoso.*", "*/contoso.*")),
        Door::NuGet | Door::Npm => (grant, names.to_owned()),
    }
}

async fn key(world: &World, state: State, account: AccountId, grant: &str, names: &str, feeds: Feeds) -> String {
    let days = match state {
        State::Expired => 81,
        State::ExpiresSoon => 90,
        State::Unknown => return Secret::generate(&mut latchkey::random::system()).reveal().to_owned(),
        State::Malformed => return "lk_0123abcd-0123-4567-89ab-0123456789ab".to_owned(),
        _ => 365,
    };
    let key = world.key_for(account, grant, names, feeds, Some(Duration::days(days))).await;
    match state {
        State::Deactivated => world.deactivate(key.token.id).await,
        State::Revoked => {
            world.store().revoke_token(&key.token, Made::Too, &Actor::host("test"), world.now()).await.unwrap()
        }
        State::Replaced => drop(world.refreshed(&key).await),
        _ => {}
    }
    key.text
}

/// Holds one answer against the design; tells its status.
async fn check(number: usize, cell: &Cell, reply: ServiceResponse<BoxBody>) -> u16 {
    let expected = cell.expected();
    let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
    let body = to_bytes(reply.into_body()).await.unwrap();
    let text = String::from_utf8_lossy(&body);
    assert_eq!(status, expected.status, "{number} {cell:?} {text}");
    assert_eq!(headers.contains_key("www-authenticate"), expected.challenge, "{number} {cell:?}");
    let warning = if cell.door == Door::NuGet { "x-nuget-warning" } else { "npm-notice" };
    assert_eq!(headers.contains_key(warning), expected.warning, "{number} {cell:?}");
    if matches!(cell.operation, Operation::CanPull | Operation::CanPush | Operation::CanDelete | Operation::List)
        && status != 400
    {
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body.get("reason").and_then(Value::as_str), expected.reason, "{number} {cell:?} {body}");
        if cell.operation == Operation::List && status == 200 {
            let (name, kind) = (name_of(cell, number), word(cell.door));
            let feed = feed_name(cell.part, cell.public);
            let is_it =
                |item: &Value| item["id"] == name.as_str() && item["feed"] == feed.as_str() && item["kind"] == kind;
            assert_eq!(body["packages"].as_array().unwrap().iter().any(is_it), cell.listed(), "{number} {cell:?}");
        }
    }
    status
}

#[actix_web::test]
async fn every_cell_of_the_matrix_answers_as_designed() {
    let stage = Stage::set().await;
    let service = init_service(
        Web::new()
            .app_data(stage.world.app().clone())
            .app_data(WorkerTasks::new(Handle::current()))
            .configure(routes::nuget_feeds)
            .configure(routes::npm_feeds)
            .configure(routes::container_registries)
            .configure(routes::http_api),
    )
    .await;
    let mut seen = [0; 600];
    for number in (0..cells()).step_by(STRIDE) {
        let cell = cell(number);
        let reply = service.call(stage.request(number, &cell).to_request()).await.unwrap();
        seen[usize::from(check(number, &cell, reply).await)] += 1;
    }
    assert!(seen.iter().sum::<usize>() >= 20_000);
    for status in [200, 201, 204, 400, 401, 403, 404, 409] {
        assert!(seen[status] > 0, "no cell answered {status}");
    }
    drop(service);
    stage.world.end().await;
}
