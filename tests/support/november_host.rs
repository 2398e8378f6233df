//! A host as the release of November 2026 left it, for tests about what becomes of it.
//!
//! What it holds is in `tests/november`: the schemas that the release made on either engine, one file of rows for both,
//! to which more may be added, and the files of the packages. A test lists itself in
//! `on_both_engines!(World::of_november => …)` and starts the server with [`World::restart_with`].

use std::path::Path;

use chrono::Duration;

use super::{database::Engine, world::World};

impl World {
    /// A host of November; nothing was started on it yet.
    pub async fn of_november(engine: Engine) -> Self {
        let world = Self::empty(engine).await;
        world.pass(Duration::days(21));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/november");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (schema, rows) = match engine {
            Engine::Sqlite => ("sqlite.sql", read("rows.sql")),
            Engine::Postgres => ("postgres.sql", read("rows.sql").replace("X'", "'\\x")),
        };
        world.database.load(read(schema)).await;
        world.database.load(rows).await;
        copy(&folder.join("packages"), &world.folder().join("packages"));
        world
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
