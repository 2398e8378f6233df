//! What lies in the data folder is nobody else's to read, whatever the folders were before.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    folders_that_were_open_to_others_are_closed_at_the_start,
}

async fn folders_that_were_open_to_others_are_closed_at_the_start(world: &World) {
    let folders = ["", "packages", "uploads", "mails", "something"].map(|name| world.folder().join(name));
    for folder in &folders {
        fs::create_dir_all(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    world.restart_with(&[]).await;
    for folder in &folders {
        let mode = fs::metadata(folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", folder.display());
    }
}
