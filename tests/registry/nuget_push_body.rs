//! The forms in which clients send a package: the first part of a multipart body whatever its headers, or the bytes alone.

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    wire::{Reply, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    the_first_part_is_the_package_whatever_its_headers_and_what_follows,
    a_body_that_begins_like_a_package_is_one_whatever_its_content_type,
    a_body_without_a_whole_first_part_is_refused_and_leaves_nothing,
}

/// Pushes a body under a content type; none sends no such header.
async fn push(world: &World, key: &Key, kind: Option<&str>, body: &[u8]) -> Reply {
    let mut headers = vec![("X-NuGet-ApiKey", key.text.as_str())];
    headers.extend(kind.map(|kind| ("Content-Type", kind)));
    call(world.address(), "PUT /v3/package", &headers, body).await
}

const FORM: &str = "multipart/form-data; boundary=b";

/// A package no test sent before.
fn package(number: usize) -> Vec<u8> {
    nupkg(&format!("A{number}"), "1.0.0")
}

fn part(head: &str, file: &[u8], line: &str) -> Vec<u8> {
    [format!("--b{line}{head}{line}").as_bytes(), file, line.as_bytes()].concat()
}

async fn the_first_part_is_the_package_whatever_its_headers_and_what_follows(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let disposition = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"../x\"\r\n");
    let empty_part = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    let end = b"--b--\r\n";
    let bodies: [(&str, Vec<Vec<u8>>); 8] = [
        ("as NuGet sends it", vec![part(&disposition("package"), &package(0), "\r\n"), end.to_vec()]),
        ("another name", vec![part(&disposition("file"), &package(1), "\r\n"), end.to_vec()]),
        ("no headers", vec![part("", &package(2), "\r\n"), end.to_vec()]),
        ("a second package", vec![part("", &package(3), "\r\n"), part("", &package(0), "\r\n"), end.to_vec()]),
        ("many parts", vec![part("", &package(4), "\r\n"), empty_part.repeat(10_000)]),
        ("text around it", vec![b"hello\r\n".to_vec(), part("", &package(5), "\r\n"), end.to_vec(), b"bye".to_vec()]),
        ("bare line feeds at the end", vec![part("", &package(6), "\n"), b"--b--\n".to_vec()]),
        ("headers that end with line feeds", vec![part("A: b\n", &package(7), "\n"), end.to_vec()]),
    ];
    for (what, body) in bodies {
        let reply = push(world, &key, Some(FORM), &body.concat()).await;
        assert_eq!(reply.status, 201, "{what}: {}", reply.text());
    }
    // Paket: headers as everybody, and a line feed before and after the last delimiter.
    let head = "Content-Disposition: form-data; name=\"package\"; filename=\"package\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    let body = [format!("--b\r\n{head}").as_bytes(), &package(8), b"\n--b--\n"].concat();
    assert_eq!(push(world, &key, Some(FORM), &body).await.status, 201);
    assert_eq!((world.files("packages"), world.files("uploads")), (18, 0), "nine packages, each with its nuspec");
}

async fn a_body_that_begins_like_a_package_is_one_whatever_its_content_type(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let kinds = [
        None,
        Some("application/octet-stream"),
        Some("application/zip"),
        Some("application/x-www-form-urlencoded"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=b"),
        Some("multipart/form-data"),
    ];
    for (number, kind) in kinds.into_iter().enumerate() {
        let reply = push(world, &key, kind, &package(number)).await;
        assert_eq!(reply.status, 201, "{kind:?}: {}", reply.text());
    }
    // The boundary may be seen in the body alone.
    let body = [part("", &package(9), "\r\n"), b"--b--\r\n".to_vec()].concat();
    for (version, kind) in [None, Some("text/plain"), Some("multipart/form-data; boundary=")].into_iter().enumerate() {
        let status = push(world, &key, kind, &body).await.status;
        assert_eq!(status, if version == 0 { 201 } else { 409 }, "{kind:?}");
    }
}

async fn a_body_without_a_whole_first_part_is_refused_and_leaves_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let file = package(0);
    for (what, body) in [
        ("nothing", vec![]),
        ("no part", b"--b--\r\n".to_vec()),
        ("no end", part("", &file, "\r\n")),
        ("another boundary", [b"--c\r\n\r\n", file.as_slice(), b"\r\n--c--\r\n"].concat()),
        ("a head that does not end", [&b"--b\r\nX: "[..], &vec![b'x'; 200_000]].concat()),
        ("no package in it", part("", b"<package/>", "\r\n")),
    ] {
        let reply = push(world, &key, Some(FORM), &body).await;
        assert_eq!(reply.status, 400, "{what}: {}", reply.text());
    }
    for kind in [None, Some("text/plain"), Some("application/json")] {
        let reply = push(world, &key, kind, b"<package/>").await;
        assert_eq!((reply.status, reply.phrase.as_str()), (415, "Send a package"), "{kind:?}");
    }
    assert_eq!(push(world, &key, Some("application/octet-stream"), b"<package/>").await.status, 400);
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
}
