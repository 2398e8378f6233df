//! Which lines a token is shown, and what stands in them.

use super::*;

fn lines(permissions: &str) -> Vec<(&'static str, String)> {
    let public = PublicUrl::parse("https://keys.example.com/p").unwrap();
    lines_for(permissions, "Contoso.*", &public)
}

fn lines_for(permissions: &str, patterns: &str, public: &PublicUrl) -> Vec<(&'static str, String)> {
    let (permissions, patterns) = (Permissions::parse(permissions).unwrap(), Patterns::parse(patterns).unwrap());
    let clients = Clients::at(
        public,
        Some("registry.example.com").filter(|_| permissions.kinds().any(|kind| kind == Kind::Container)),
        "team",
    )
    .for_rights(permissions, &patterns);
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
    assert_eq!(clients("nuget:push-version"), ["dotnet", "nuget", "github", "gitlab", "azure", "curl"]);
    assert_eq!(clients("nuget:pull"), ["dotnet", "nuget", "visual-studio", "github", "gitlab", "azure", "curl"]);
    assert_eq!(clients("npm:pull"), ["npm", "pnpm", "yarn", "npm-github", "npm-gitlab", "curl"]);
    assert_eq!(clients("npm:delete"), ["npm", "curl"]);
    assert_eq!(clients("container:pull container:push"), ["docker", "podman", "skopeo", "curl"]);
    assert_eq!(clients("api:read"), ["curl"]);
    assert!(lines("nuget:push").iter().all(|(_, text)| !text.contains("add source")));
    assert!(lines("nuget:pull").iter().all(|(_, text)| !text.contains("nuget push")));
}

#[test]
fn curl_uploads_where_the_token_may() {
    let upload = "curl -H \"X-NuGet-ApiKey: YOUR_KEY\" -T Contoso.Core.1.0.0.nupkg https://keys.example.com/p/feeds/team/nuget/v3/package";
    let has = |permissions: &str| lines(permissions).iter().any(|(id, text)| *id == "curl" && text == upload);
    assert_eq!(["nuget:push", "nuget:push-version", "nuget:pull", "npm:push"].map(has), [true, true, false, false]);
}

#[test]
fn lines_are_about_a_package_that_the_patterns_cover() {
    let public = PublicUrl::parse("https://keys.example.com").unwrap();
    for (patterns, package) in [
        ("*", "Contoso.Core"),
        ("Contoso.*", "Contoso.Core"),
        ("Fabrikam.*", "Fabrikam.Core"),
        ("Fabrikam", "Fabrikam"),
        ("*.Tests", "Core.Tests"),
        ("Fabrikam.*.Tests", "Fabrikam.Core.Tests"),
        ("@team/*\nLitware-*", "Litware-Core"),
        ("team/app", "YOUR.PACKAGE"),
    ] {
        let all: String = lines_for("nuget:pull nuget:push nuget:delete", patterns, &public)
            .into_iter()
            .map(|(_, text)| text + "\n")
            .collect();
        let lower = package.to_lowercase();
        for line in [
            format!("nuget push {package}.1.0.0.nupkg"),
            format!("dotnet nuget push {package}.1.0.0.nupkg"),
            format!("nuget install {package} "),
            format!("nuget delete {package} 1.0.0"),
            format!("&package={package}&"),
            format!("/flat/{lower}/1.0.0/{lower}.1.0.0.nupkg"),
        ] {
            assert!(all.contains(&line), "{patterns}: {line}: {all}");
        }
        assert!(package == "Contoso.Core" || !all.contains("Contoso"), "{patterns}: {all}");
    }
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
        "https://keys.example.com/p/api/v1/tokens/current",
    ] {
        assert!(all.contains(address), "{address}: {all}");
    }
}

#[test]
fn dotnet_is_told_that_plain_http_is_meant_and_only_then() {
    let public = PublicUrl::parse("http://packages.example:8080").unwrap();
    let lines = |permissions: &str| -> Vec<String> {
        let all = lines_for(permissions, "Contoso.*", &public);
        all.into_iter().filter(|(client, _)| *client == "dotnet").map(|(_, text)| text).collect()
    };
    let source = "http://packages.example:8080/feeds/team/nuget/v3/index.json";
    let add = format!(
        "dotnet nuget add source {source} --name latchkey-team --username api --password YOUR_KEY --store-password-in-clear-text --allow-insecure-connections"
    );
    let push = format!("dotnet nuget push Contoso.Core.1.0.0.nupkg --source {source}");
    assert_eq!(
        lines("nuget:push nuget:pull nuget:delete"),
        [
            format!("{push} --api-key YOUR_KEY --allow-insecure-connections"),
            format!("export NUGET_API_KEY=YOUR_KEY\n{push} --allow-insecure-connections"),
            format!("{add}\ndotnet add package Contoso.Core"),
            format!(
                "dotnet nuget update source latchkey-team --source {source} --username api --password YOUR_KEY --store-password-in-clear-text --allow-insecure-connections"
            ),
            // It has no option for it, and takes the leave of the source that was added before.
            "dotnet nuget delete Contoso.Core 1.0.0 --source latchkey-team --api-key YOUR_KEY --non-interactive"
                .to_owned(),
        ]
    );
    let alone = "dotnet nuget delete Contoso.Core 1.0.0 --source latchkey-team --api-key YOUR_KEY --non-interactive";
    assert_eq!(lines("nuget:delete"), [format!("{add}\n{alone}")]);
    for pipeline in ["github", "gitlab", "azure"] {
        let all = Clients::at(&public, None, "main").list();
        let client = all.iter().find(|client| client.id == pipeline).unwrap();
        let dotnet =
            client.lines.iter().flat_map(|line| line.text.lines()).filter(|line| line.contains("dotnet nuget"));
        assert!(
            dotnet.clone().count() == 2 && dotnet.clone().all(|line| line.contains("--allow-insecure-connections"))
        );
    }
    let install = |is_public| Clients::at(&public, None, "team").dotnet_install("Contoso.Core", "1.0.0", is_public);
    let package = "dotnet add package Contoso.Core --version 1.0.0";
    assert_eq!(install(false), package);
    let open = format!("dotnet nuget add source {source} --name latchkey-team --allow-insecure-connections");
    assert_eq!(install(true), format!("{open}\n{package}"));
    assert!(
        !Clients::at(&public, None, "main")
            .for_rights(Permissions::parse("npm:pull").unwrap(), &Patterns::all())
            .says_insecure()
    );
    let https = Clients::at(&PublicUrl::parse("https://packages.example").unwrap(), None, "main").list();
    assert!(https.iter().flat_map(|client| &client.lines).all(|line| !line.text.contains("insecure")));
}

#[test]
fn every_feed_is_a_source_of_its_own_name() {
    let public = PublicUrl::parse("https://keys.example.com").unwrap();
    let all = |feed: &str| -> String {
        let clients = Clients::at(&public, None, feed).list().into_iter();
        clients.flat_map(|client| client.lines).map(|line| line.text + "\n").collect()
    };
    let (main, team) = (all("main"), all("team.x"));
    for line in [
        "--name latchkey --username",
        "sources add -Name latchkey -Source",
        "<add key=\"latchkey\"",
        "    <latchkey>\n",
    ] {
        assert!(main.contains(line), "{line} in {main}");
        let of_team = line.replace("latchkey", "latchkey-team.x");
        assert!(team.contains(&of_team) && !team.contains(line), "{of_team} in {team}");
    }
}

#[test]
fn npm_lines_keep_the_key_out_of_the_project_and_name_the_feed() {
    let public = PublicUrl::parse("https://keys.example.com/p").unwrap();
    let of = |patterns: &str| -> String {
        lines_for("npm:pull npm:push npm:delete", patterns, &public).into_iter().map(|(_, text)| text + "\n").collect()
    };
    let registry = "https://keys.example.com/p/feeds/team/npm/";
    let all = of("*");
    for line in [
        "npm config set //keys.example.com/p/feeds/team/npm/:_authToken=YOUR_KEY\n".to_owned(),
        format!("@team:registry={registry}\n"),
        format!("npm publish --registry {registry}\n"),
        format!("npm install @team/ui --registry {registry}\n"),
        format!("pnpm add @team/ui --registry {registry}\n"),
        "yarn npm publish\nyarn add @team/ui\n".to_owned(),
        format!("npmRegistryServer: \"{registry}\"\n"),
        "  \"//keys.example.com/p/feeds/team/npm\":\n".to_owned(),
        "NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}".to_owned(),
        "npm config set //keys.example.com/p/feeds/team/npm/:_authToken=\"$NPM_TOKEN\"".to_owned(),
    ] {
        assert!(all.contains(&line), "{line} in {all}");
    }
    assert_eq!(all.matches("YOUR_KEY").count(), 3, "one of npm, two of curl: {all}");
    assert!(!all.contains("unsafeHttpWhitelist"));
    for (patterns, package) in [
        ("left-*", "left-ui"),
        ("Left", "left"),
        ("@other/*", "@other/ui"),
        ("*.Tests", "ui.tests"),
        ("a/b/c", "your-package"),
    ] {
        assert!(of(patterns).contains(&format!("npm install {package} ")), "{patterns}");
    }
    let plain = PublicUrl::parse("http://127.0.0.1:8080").unwrap();
    let yarn: String = lines_for("npm:pull", "*", &plain).into_iter().map(|(_, text)| text).collect();
    assert!(yarn.contains("unsafeHttpWhitelist:\n  - \"127.0.0.1\"\n"), "{yarn}");
}

#[test]
fn container_clients_are_shown_what_the_token_may_do_with_a_repository_that_it_covers() {
    let public = PublicUrl::parse("https://keys.example.com").unwrap();
    let docker = |permissions: &str, patterns: &str| {
        let all = lines_for(permissions, patterns, &public).into_iter();
        all.filter(|(id, _)| *id == "docker").map(|(_, text)| text).collect::<Vec<_>>()
    };
    assert_eq!(
        docker("container:push", "*"),
        [
            "docker login registry.example.com -u api -p YOUR_KEY",
            "docker tag app:1.0 registry.example.com/team/app:1.0\ndocker push registry.example.com/team/app:1.0",
            "docker pull registry.example.com/team/app:1.0",
        ]
    );
    for (patterns, repository) in
        [("team/web", "team/web"), ("team/api.*", "team/api.app"), ("*/x", "team/x"), ("Contoso.*", "team/your-image")]
    {
        let pull = format!("docker pull registry.example.com/{repository}:1.0");
        assert_eq!(docker("container:pull", patterns)[1], pull, "{patterns}");
    }
    let skopeo = lines_for("container:delete", "*", &public).into_iter().filter(|(id, _)| *id == "skopeo");
    assert_eq!(
        skopeo.map(|(_, text)| text).collect::<Vec<_>>(),
        [
            "skopeo login registry.example.com -u api -p YOUR_KEY",
            "skopeo delete docker://registry.example.com/team/app:1.0",
        ]
    );
}
