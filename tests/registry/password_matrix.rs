//! Who reads with a password: every door, operation, role, feed and owner, evenly sampled from all their combinations, with
//! a right and a wrong password, against what the design says: a right one is a token that reads everything, and a wrong
//! one is no token.

use super::{
    matrix_oracle::{Door, Operation, Owned, Part},
    password_reads::{account, basic_of, where_passwords_read},
};
use crate::support::{
    database::Engine,
    npm::{document, package},
    nupkg::nupkg,
    wire::{Reply, call},
    world::{World, on_both_engines},
};
use chrono::Duration;
use latchkey::tokens::{AccountId, decision::Role};
use serde_json::json;

on_both_engines!(set => every_cell_of_passwords_answers_as_designed);

const PASSWORD: &str = "four quiet otters rowing";
const DOORS: [Door; 3] = [Door::NuGet, Door::Npm, Door::Container];
const SECRETS: [Secret; 4] = [Secret::Right, Secret::Wrong, Secret::OfNobody, Secret::OfDisabled];
const PARTS: [Part; 4] = [Part::None, Part::Reader, Part::Writer, Part::Owner];
const OWNED: [Owned; 3] = [Owned::New, Owned::Own, Owned::Others];
const OPERATIONS: [Operation; 3] = [Operation::Read, Operation::Push, Operation::Unlist];
/// Has no factor in common with any dimension.
const STRIDE: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Secret {
    Right,
    Wrong,
    OfNobody,
    OfDisabled,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    door: Door,
    secret: Secret,
    part: Part,
    public: bool,
    owned: Owned,
    operation: Operation,
}

fn cell(mut number: usize) -> Cell {
    fn pick<T: Copy>(number: &mut usize, values: &[T]) -> T {
        let value = values[*number % values.len()];
        *number /= values.len();
        value
    }
    let n = &mut number;
    Cell {
        door: pick(n, &DOORS),
        secret: pick(n, &SECRETS),
        part: pick(n, &PARTS),
        public: pick(n, &[false, true]),
        owned: pick(n, &OWNED),
        operation: pick(n, &OPERATIONS),
    }
}

const CELLS: usize = DOORS.len() * SECRETS.len() * PARTS.len() * 2 * OWNED.len() * OPERATIONS.len();

impl Cell {
    fn feed(&self) -> String {
        feed_name(self.part, self.public)
    }

    /// Registries know no repositories here, so that a read of any is granted or not.
    fn expected(&self) -> u16 {
        let is_container = self.door == Door::Container;
        let reads = self.public || self.part > Part::None;
        match (self.secret, self.operation) {
            (Secret::Wrong | Secret::OfNobody | Secret::OfDisabled, _) => 401,
            (Secret::Right, Operation::Read) if is_container => {
                if reads {
                    200
                } else {
                    401
                }
            }
            (Secret::Right, Operation::Read) if !reads || self.owned == Owned::New => 404,
            (Secret::Right, Operation::Read) => 200,
            // A feed that cannot be read is not told of, but a password lacks the right before that is looked at.
            (Secret::Right, _) if is_container => 401,
            (Secret::Right, _) => 403,
        }
    }

    fn name(&self) -> &'static str {
        match self.owned {
            Owned::New => "contoso.new",
            Owned::Own => "contoso.own",
            Owned::Others => "contoso.others",
        }
    }

    async fn ask(&self, world: &World) -> Reply {
        let (username, password) = match self.secret {
            Secret::Right => ("ada", PASSWORD),
            Secret::Wrong => ("ada", "another password"),
            Secret::OfNobody => ("nobody", PASSWORD),
            Secret::OfDisabled => ("gone", PASSWORD),
        };
        let (feed, name) = (self.feed(), self.name());
        let scope = |verb: &str| format!("GET /container/token?service=registry&scope=repository:{feed}/{name}:{verb}");
        let nuget = format!("/feeds/{feed}/nuget/v3");
        let npm = format!("/feeds/{feed}/npm/{name}");
        let json = document(name, "2.0.0", "latest", &package(name, "2.0.0", json!({}))).to_string().into_bytes();
        let (line, kind, body) = match (self.door, self.operation) {
            (Door::Container, Operation::Read) => (scope("pull"), "", Vec::new()),
            (Door::Container, Operation::Push) => (scope("push"), "", Vec::new()),
            (Door::Container, _) => (scope("delete"), "", Vec::new()),
            (Door::NuGet, Operation::Read) => (format!("GET {nuget}/flat/{name}/index.json"), "", Vec::new()),
            (Door::NuGet, Operation::Push) => {
                (format!("PUT {nuget}/package"), "application/octet-stream", nupkg(name, "2.0.0"))
            }
            (Door::NuGet, _) => (format!("DELETE {nuget}/package/{name}/1.0.0"), "", Vec::new()),
            (Door::Npm, Operation::Read) => (format!("GET {npm}"), "", Vec::new()),
            (Door::Npm, Operation::Push) => (format!("PUT {npm}"), "application/json", json),
            (Door::Npm, _) => (format!("DELETE {npm}/-rev/none"), "", Vec::new()),
        };
        let credential = basic_of(username, password);
        let headers = [("Authorization", credential.as_str()), ("Content-Type", kind)];
        call(world.address(), &line, &headers, &body).await
    }
}

fn feed_name(part: Part, public: bool) -> String {
    format!("{part:?}-{}", if public { "public" } else { "private" }).to_lowercase()
}

/// Every feed in which ada has a part or none, with a package of hers and one of bo's.
async fn set(engine: Engine) -> World {
    let world = where_passwords_read(engine).await;
    let (ada, bo) = (account(&world, "ada", PASSWORD).await, world.account("bo").await);
    let gone = account(&world, "gone", PASSWORD).await;
    world.set_account_disabled(gone, true).await;
    for (part, public) in PARTS.into_iter().flat_map(|part| [(part, false), (part, true)]) {
        place(&world, (part, public), ada, bo).await;
    }
    let own = format!(
        "UPDATE package_owners SET account = '{ada}' WHERE package IN (SELECT id FROM packages WHERE name_key = 'contoso.own')"
    );
    world.sql(&own).await;
    world
}

async fn place(world: &World, (part, public): (Part, bool), ada: AccountId, bo: AccountId) {
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
    for id in ["contoso.own", "contoso.others"] {
        let path = format!("/feeds/{name}/nuget/v3/package");
        assert_eq!(world.push_to(&path, &key, &nupkg(id, "1.0.0")).await.status, 201);
        let put = document(id, "1.0.0", "latest", &package(id, "1.0.0", json!({})));
        assert_eq!(world.put_json(&format!("/feeds/{name}/npm/{id}"), &key, &put).await.status, 201);
    }
}

async fn every_cell_of_passwords_answers_as_designed(world: &World) {
    let before = world.database.number("SELECT COUNT(*) FROM versions", &[]).await;
    let mut seen = [0; 600];
    for number in (0..CELLS).step_by(STRIDE) {
        let cell = cell(number);
        // Longer than a guess takes from any limit.
        world.pass(Duration::minutes(2));
        let reply = cell.ask(world).await;
        assert_eq!(reply.status, cell.expected(), "{number} {cell:?} {}", reply.text());
        seen[usize::from(reply.status)] += 1;
    }
    for status in [200, 401, 403, 404] {
        assert!(seen[status] > 0, "no cell answered {status}");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM versions", &[]).await, before);
}
