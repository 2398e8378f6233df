//! Pushes that carry something else than one package.

use crate::support::{
    nupkg::{nupkg, zip},
    wire::{call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    what_is_no_package_is_refused_and_leaves_nothing,
    a_body_over_the_limit_is_cut_off_with_and_without_a_length,
}

async fn what_is_no_package_is_refused_and_leaves_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let good = nupkg("A", "1.0.0");
    let cut = &good[..good.len() - 1];
    let longer = [&good[..], b"x"].concat();
    let two = zip(&[("A.nuspec", b"<package/>"), ("B.nuspec", b"<package/>")]);
    let bodies: [&[u8]; 8] = [b"", b"P", b"just text", b"\x1f\x8b\x08\0", b"%PDF-1.4", cut, &longer, &two];
    for body in bodies {
        let reply = world.push(&key, body).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (400, "This is not a package that can be taken"), "{body:?}");
        assert!(reply.header("x-nuget-warning").is_some_and(|sentence| sentence.is_ascii()));
    }
    for version in ["1.0.0-", "1.0.0-a..b", "2147483648", "9223372036854775808", "1.0.0.0.0", "1 0", "$version$"] {
        assert_eq!(world.push(&key, &nupkg("A", version)).await.status, 400, "{version}");
    }
    for id in ["a/b", "..", "a#b", "a?b", "\u{430}bc", "a..b", "-a"] {
        assert_eq!(world.push(&key, &nupkg(id, "1.0.0")).await.status, 400, "{id}");
    }
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
    assert_eq!(world.push(&key, &good).await.status, 201);
}

async fn a_body_over_the_limit_is_cut_off_with_and_without_a_length(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push", "*").await;
    let large = vec![b'x'; (1 << 20) + 1];
    let (kind, wrapped) = multipart(&large);
    for (kind, body) in [("application/octet-stream", &large), (kind.as_str(), &wrapped)] {
        let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", kind)];
        let reply = call(world.address(), "PUT /v3/package", &headers, body).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (413, "The package is too large"), "{kind}");
        let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        let mut stream = crate::support::wire::open(world.address(), "PUT /v3/package", &headers, None).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &chunk).await;
        assert_eq!(crate::support::wire::Reply::read(&mut stream).await.status, 413, "{kind} in chunks");
    }
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
}
