//! Clients that have a file already are told so, however they say which.

use crate::support::{
    nupkg::nupkg,
    wire::Reply,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    whoever_has_a_file_is_told_so_and_sent_nothing,
}

async fn whoever_has_a_file_is_told_so_and_sent_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Read.Me", "1.0.0-RC.1")).await.status, 201);
    let sheet = latchkey::web::assets::path(latchkey::web::assets::STYLESHEET);
    let base = "/v3/flat/read.me/1.0.0-rc.1";
    for path in [format!("{base}/read.me.1.0.0-rc.1.nupkg"), format!("{base}/read.me.nuspec"), sheet] {
        let bearer = format!("Bearer {}", key.text);
        let asked = async |method: &str, name: &str, value: &str| {
            world.ask(&format!("{method} {path}"), &[("Authorization", &bearer), (name, value)]).await
        };
        let whole = world.get(&path, &key).await;
        let tag = whole.header("etag").unwrap().to_owned();
        assert!(whole.status == 200 && !whole.body.is_empty(), "{path}");
        for known in [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"x\", W/{tag}, \"y\"")] {
            for method in ["GET", "HEAD"] {
                let reply = asked(method, "If-None-Match", &known).await;
                let same = |name: &str| reply.header(name).map(str::to_owned) == whole.header(name).map(str::to_owned);
                assert_eq!((reply.status, reply.body.len()), (304, 0), "{method} {path} {known}");
                assert!(same("etag") && same("cache-control"), "{method} {path} {reply:?}");
            }
        }
        for other in ["\"x\"", "x", "W/\"x\""] {
            assert_same(&asked("GET", "If-None-Match", other).await, &whole, &path);
        }
        assert_same(&asked("GET", "If-Modified-Since", "Sun, 06 Nov 2044 08:49:37 GMT").await, &whole, &path);
        assert_same(&asked("GET", "If-Match", &tag).await, &whole, &path);
        assert_eq!(asked("GET", "If-Match", "\"x\"").await.status, 412, "{path}");
    }
    let nothing = "GET /v3/flat/read.me/2.0.0/read.me.2.0.0.nupkg";
    let headers = [("Authorization", &*format!("Bearer {}", key.text)), ("If-None-Match", "*")];
    assert_eq!(world.ask(nothing, &headers).await.status, 404, "what is not there is had by nobody");
    assert_eq!(world.ask(nothing, &headers[1..]).await.status, 401, "and nothing is told without a key");
    let counted = world.app().downloads.take();
    assert_eq!(
        counted.iter().map(|count| count.times).sum::<i64>(),
        1,
        "only whole files are downloads, one for a key, version and day"
    );
}

fn assert_same(reply: &Reply, whole: &Reply, path: &str) {
    assert_eq!((reply.status, reply.body == whole.body), (200, true), "{path}");
}
