//! Which lines a token is shown, and what stands in them.

use super::*;

fn lines(permissions: &str) -> Vec<(&'static str, String)> {
    let public = PublicUrl::parse("https://keys.example.com/p").unwrap();
    let clients = Clients::of_feed(&public, "team").for_permissions(Permissions::parse(permissions).unwrap());
    let lines = clients.list().into_iter().map(|client| (client.id, client.lines));
    lines.flat_map(|(id, lines)| lines.into_iter().map(move |line| (id, line.text))).collect()
}

#[test]
fn a_token_is_shown_only_the_lines_it_may_use() {
    let clients = |permissions: &str| {
        let mut clients: Vec<_> = lines(permissions).into_iter().map(|(id, _)| id).collect();
        clients.dedup();
        clients
    };
    assert_eq!(clients("nuget:push-version"), ["nuget", "dotnet", "curl", "github", "gitlab", "azure"]);
    assert_eq!(clients("nuget:pull"), ["nuget", "dotnet", "visual-studio", "curl", "github", "gitlab", "azure"]);
    assert_eq!(clients("container:pull npm:push"), ["docker", "npm", "curl"]);
    assert_eq!(clients("api:read"), ["curl"]);
    assert!(lines("nuget:push").iter().all(|(_, text)| !text.contains("add source")));
    assert!(lines("nuget:pull").iter().all(|(_, text)| !text.contains("nuget push")));
}

#[test]
fn pipelines_read_the_key_from_their_secrets() {
    for (id, text) in lines("nuget:pull nuget:push") {
        let is_pipeline = ["github", "gitlab", "azure"].contains(&id);
        assert_eq!(
            text.contains("NUGET_API_KEY") && !text.contains(KEY),
            is_pipeline || text.contains("<?xml"),
            "{text}"
        );
        let at_home = !is_pipeline && !text.starts_with("https://") && !text.contains("<?xml");
        assert_eq!(text.contains(KEY), at_home, "{text}");
    }
}

#[test]
fn addresses_are_those_of_the_host_and_the_feed() {
    let all: String = lines("nuget:pull npm:push container:push").into_iter().map(|(_, text)| text + "\n").collect();
    for address in [
        "https://keys.example.com/p/feeds/team/nuget/v3/index.json",
        "//keys.example.com/p/feeds/team/npm/:_authToken",
        "docker login keys.example.com --username api",
        "keys.example.com/team/app:1.0",
        "https://keys.example.com/p/api/v1/tokens/current",
    ] {
        assert!(all.contains(address), "{address}: {all}");
    }
}
