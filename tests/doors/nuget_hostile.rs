//! Pushes that carry something else than one package.

use crate::{
    nupkg::{nupkg, zip},
    wire::{call, multipart},
    world::World,
};

#[actix_web::test]
async fn what_is_no_package_is_refused_and_leaves_nothing() {
    for world in World::each().await {
        let ada = world.account("ada").await;
        let key = world.key(ada, "nuget:push", "*").await;
        let good = nupkg("A", "1.0.0");
        let cut = &good[..good.len() - 1];
        let longer = [&good[..], b"x"].concat();
        let two = zip(&[("A.nuspec", b"<package/>"), ("B.nuspec", b"<package/>")]);
        let bodies: [&[u8]; 8] = [b"", b"P", b"just text", b"\x1f\x8b\x08\0", b"%PDF-1.4", cut, &longer, &two];
        for body in bodies {
            let reply = world.push(&key, body).await;
            assert_eq!(
                (reply.status, reply.phrase.as_str()),
                (400, "This is not a package that can be taken"),
                "{body:?}"
            );
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
        world.end().await;
    }
}

#[actix_web::test]
async fn a_multipart_body_must_carry_one_part_named_package_and_end() {
    for world in World::each().await {
        let ada = world.account("ada").await;
        let key = world.key(ada, "nuget:push", "*").await;
        let file = nupkg("A", "1.0.0");
        let part = |name: &str| {
            let head =
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x.nupkg\"\r\n\r\n");
            [head.as_bytes(), &file, b"\r\n"].concat()
        };
        let end = b"--b--\r\n".to_vec();
        let bare = [b"--b\r\n\r\n", &file[..], b"\r\n--b--\r\n"].concat();
        for (what, body) in [
            ("nothing", vec![]),
            ("no part", end.clone()),
            ("two parts", [part("package"), part("package"), end.clone()].concat()),
            (
                "ten thousand parts",
                [part("package"), b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n".repeat(10_000)].concat(),
            ),
            ("another name", [part("file"), end.clone()].concat()),
            ("no end", part("package")),
            ("no name", bare),
            (
                "another boundary",
                [part("package"), end.clone()].concat().iter().map(|&b| if b == b'b' { b'c' } else { b }).collect(),
            ),
            ("a head that does not end", [&b"--b\r\nX: "[..], &vec![b'x'; 200_000]].concat()),
        ] {
            let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", "multipart/form-data; boundary=b")];
            let reply = call(world.at, "PUT /v3/package", &headers, &body).await;
            assert_eq!(reply.status, 400, "{what}: {}", reply.text());
        }
        for kind in ["multipart/form-data", "multipart/form-data; boundary="] {
            let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", kind)];
            assert_eq!(call(world.at, "PUT /v3/package", &headers, &file).await.status, 400, "{kind}");
        }
        for kind in
            ["application/zip", "text/plain", "multipart/mixed; boundary=b", "multipart/form-data; boundary=\u{e4}", ""]
        {
            let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", kind)];
            assert_eq!(call(world.at, "PUT /v3/package", &headers, &file).await.status, 415, "{kind}");
        }
        assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
        let named = [part("package"), end].concat();
        let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", "multipart/form-data; boundary=b")];
        assert_eq!(call(world.at, "PUT /v3/package", &headers, &named).await.status, 201);
        world.end().await;
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_cut_off_with_and_without_a_length() {
    for world in World::each().await {
        let ada = world.account("ada").await;
        let key = world.key(ada, "nuget:push", "*").await;
        let large = vec![b'x'; (1 << 20) + 1];
        let (kind, wrapped) = multipart(&large);
        for (kind, body) in [("application/octet-stream", &large), (kind.as_str(), &wrapped)] {
            let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", kind)];
            let reply = call(world.at, "PUT /v3/package", &headers, body).await;
            assert_eq!((reply.status, reply.phrase.as_str()), (413, "The package is too large"), "{kind}");
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
            let mut stream = crate::wire::open(world.at, "PUT /v3/package", &headers, None).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &chunk).await;
            assert_eq!(crate::wire::Reply::read(&mut stream).await.status, 413, "{kind} in chunks");
        }
        assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
        world.end().await;
    }
}
