//! The nginx configuration of the documentation, before a running portal, in a real nginx.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::support::{
    folder::Folder,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    the_documented_configuration_serves_pages_and_pushes_over_tls,
}

const SERVED: &str = "https://localhost";

/// A real nginx with the documented configuration, changed only where it says CHANGE; it ends with this.
struct Nginx {
    process: Child,
    plain: SocketAddr,
    tls: SocketAddr,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master stops its workers on SIGTERM.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Nginx {
    async fn start(folder: &Path, tls: SocketAddr, nodes: &[SocketAddr]) -> Self {
        let plain = free_port();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let documented = fs::read_to_string(root.join("docs/nginx.conf")).unwrap();
        let pem = root.join("tests/smtp/localhost.pem").display().to_string();
        let nodes: Vec<_> = nodes.iter().map(|node| format!("server {node} max_fails=2 fail_timeout=10s;")).collect();
        let changed = |line: &str| match line.split_once("# CHANGE: ").map(|(_, what)| what) {
            None => line.to_owned(),
            Some("nodes") => nodes.join("\n"),
            Some("plain port") => format!("listen {plain};"),
            Some("port") => format!("listen {tls} ssl;"),
            Some("access log") => format!("access_log {}/access.log latchkey;", folder.display()),
            Some("name") => "server_name localhost;".to_owned(),
            Some("certificate and chain") => format!("ssl_certificate {pem};"),
            Some("key") => format!("ssl_certificate_key {pem};"),
            Some(what) => panic!("what to change at {what}?"),
        };
        let lines: Vec<_> = documented.lines().map(changed).collect();
        let home = folder.display();
        // What a distribution's nginx.conf brings around it.
        let whole = format!(
            "daemon off; pid {home}/nginx.pid; error_log {home}/nginx.log;\nevents {{ worker_connections 64; }}\nhttp {{\n\
             access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;\n\
             uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;\n{}\n}}\n",
            lines.join("\n")
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut program = Command::new("/usr/sbin/nginx");
        let program = program.arg("-c").arg(&file).arg("-e").arg(folder.join("nginx.log"));
        let process = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let nginx = Self { process, plain, tls };
        for _ in 0..100 {
            if std::net::TcpStream::connect(tls).is_ok() {
                return nginx;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nginx does not listen: {}", fs::read_to_string(folder.join("nginx.log")).unwrap_or_default());
    }

    /// A client that trusts the certificate and finds `localhost` here.
    fn client(&self) -> reqwest::Client {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ca = reqwest::Certificate::from_pem(&fs::read(root.join("tests/smtp/ca.pem")).unwrap()).unwrap();
        let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        builder.tls_certs_only([ca]).cookie_store(true).timeout(Duration::from_secs(60)).build().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{SERVED}:{}{path}", self.tls.port())
    }
}

async fn the_documented_configuration_serves_pages_and_pushes_over_tls(world: &World) {
    let key = world.ada().await.key(world, "CI").await;
    let tls = free_port();
    let public = format!("{SERVED}:{}/keys", tls.port());
    world.restart_with(&[("public-url", &public)]).await;
    let (other, at) = world.another_node_with(&[("public-url", &public)]).await;
    let folder = Folder::new();
    let nginx = Nginx::start(folder.path(), tls, &[world.address(), at]).await;
    let http = nginx.client();

    // Plain text leads to TLS, and the path without its slash to the pages.
    let plain = http.get(format!("http://localhost:{}/keys/sign-in", nginx.plain.port())).send().await.unwrap();
    assert_eq!(
        (plain.status(), plain.headers()["location"].to_str().unwrap()),
        (301.try_into().unwrap(), "https://localhost/keys/sign-in")
    );
    let bare = http.get(nginx.url("/keys")).send().await.unwrap();
    assert_eq!((bare.status().as_u16(), bare.headers()["location"].to_str().unwrap()), (308, "/keys/"));
    let page = http.get(nginx.url("/keys/sign-in")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["set-cookie"].to_str().unwrap().contains("Secure"));

    // A push of unknown length reaches the portal while it is still coming in.
    let (sending, body) = mpsc::channel::<std::io::Result<Vec<u8>>>(1);
    let body = futures_util::stream::unfold(body, |mut body| async { Some((body.recv().await?, body)) });
    let push = http.put(nginx.url("/keys/v3/package")).header("X-NuGet-ApiKey", &key.secret);
    let push = tokio::spawn(
        push.body(reqwest::Body::wrap_stream(body)).header("Content-Type", "application/octet-stream").send(),
    );
    let package = nupkg("Contoso.Core", "1.0.0");
    let (first, last) = package.split_at(package.len() / 2);
    sending.send(Ok(first.to_vec())).await.unwrap();
    let begun = async || {
        let files = fs::read_dir(world.folder().join("uploads")).unwrap();
        files.flatten().any(|file| file.metadata().is_ok_and(|facts| facts.len() as usize == first.len()))
    };
    let mut waited = 0;
    while !begun().await {
        waited += 1;
        assert!(waited < 200, "nginx holds the body back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sending.send(Ok(last.to_vec())).await.unwrap();
    drop(sending);
    let pushed = push.await.unwrap().unwrap();
    assert_eq!(pushed.status(), 201, "{}", pushed.text().await.unwrap());

    // The record names the client, not the proxy.
    let read = http.get(nginx.url("/keys/v3/flat/contoso.core/index.json")).header("X-Forwarded-For", "203.0.113.9");
    assert_eq!(read.bearer_auth(&key.secret).send().await.unwrap().status(), 200);
    for app in [world.app(), other] {
        latchkey::jobs::write_usage(&app).await.unwrap();
    }
    let places = world.database.texts("SELECT DISTINCT address FROM token_places ORDER BY address", &[]).await;
    assert_eq!(places, ["127.0.0.1", "203.0.113.9"]);

    // Private addresses and mailed links stay out of the log of both ports.
    let secret = "Wq3-zzSECRET";
    for path in ["calendar/{}.ics", "%63alendar/{}.ics", "symbols/-/{}/a.pdb/0/a.pdb", "reset?link={}", "x/lk_{}"] {
        let path = format!("/keys/{}", path.replace("{}", secret));
        http.get(nginx.url(&path)).send().await.unwrap();
        http.get(format!("http://localhost:{}{path}", nginx.plain.port())).send().await.unwrap();
    }
    let log = async || fs::read_to_string(folder.path().join("access.log")).unwrap_or_default();
    while log().await.matches("/keys/x/").count() < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = log().await;
    assert!(
        !log.contains(secret) && log.matches("/symbols/-/...").count() == 2 && log.contains("/sign-in\" 200"),
        "{log}"
    );
}
