//! The lines that people paste into their clients, with this host's own addresses.

use crate::{
    config::PublicUrl,
    tokens::{Permission, Permissions},
};

/// What stands for the key; `static/js/secret.js` puts the key in its place.
const KEY: &str = "YOUR_KEY";
/// Any user name will do beside a key.
const USER: &str = "api";

/// The addresses that the lines are written with.
pub struct Clients {
    /// The NuGet service index.
    pub source: String,
    flat: String,
    api: String,
    feed: String,
    /// Whether the lines that upload are shown.
    pub push: bool,
    /// Whether the lines that read are shown.
    pub pull: bool,
    /// Whether the lines that hide versions are shown.
    pub delete: bool,
}

impl Clients {
    /// Lines for one feed.
    pub fn of_feed(public: &PublicUrl, feed: &str) -> Self {
        let root = if feed == "main" { "/v3".to_owned() } else { format!("/feeds/{feed}/nuget/v3") };
        Self {
            source: public.of(&format!("{root}/index.json")),
            flat: public.of(&format!("{root}/flat")),
            api: public.of("/api/v1"),
            feed: feed.to_owned(),
            push: true,
            pull: true,
            delete: true,
        }
    }

    /// Only the lines that a token with these permissions may use.
    pub fn for_permissions(self, permissions: Permissions) -> Self {
        Self {
            push: permissions.has_any(&[Permission::NuGetPush, Permission::NuGetPushVersion]),
            pull: permissions.has(Permission::NuGetPull),
            delete: permissions.has(Permission::NuGetDelete),
            ..self
        }
    }

    /// Uploads with NuGet.exe.
    pub fn nuget_push(&self) -> String {
        format!("nuget push Contoso.Core.1.0.0.nupkg -Source {} -ApiKey {KEY}", self.source)
    }

    /// Adds the feed to NuGet.exe and installs from it.
    pub fn nuget_source(&self) -> String {
        format!(
            "nuget sources add -Name latchkey -Source {} -UserName {USER} -Password {KEY}\nnuget install Contoso.Core -Source latchkey",
            self.source
        )
    }

    /// Hides a version with NuGet.exe.
    pub fn nuget_delete(&self) -> String {
        format!("nuget delete Contoso.Core 1.0.0 -Source {} -ApiKey {KEY} -NonInteractive", self.source)
    }

    /// Uploads with dotnet.
    pub fn dotnet_push(&self) -> String {
        format!("dotnet nuget push Contoso.Core.1.0.0.nupkg --source {} --api-key {KEY}", self.source)
    }

    /// Adds the feed to dotnet and adds a package from it.
    pub fn dotnet_source(&self) -> String {
        format!(
            "dotnet nuget add source {} --name latchkey --username {USER} --password {KEY} --store-password-in-clear-text\ndotnet add package Contoso.Core --source latchkey",
            self.source
        )
    }

    /// Hides a version with dotnet.
    pub fn dotnet_delete(&self) -> String {
        format!("dotnet nuget delete Contoso.Core 1.0.0 --source {} --api-key {KEY} --non-interactive", self.source)
    }

    /// Asks what a token is.
    pub fn curl_current(&self) -> String {
        format!("curl -H \"Authorization: Bearer {KEY}\" {}/tokens/current", self.api)
    }

    /// Asks whether a token may do something.
    pub fn curl_can(&self) -> String {
        format!(
            "curl -H \"Authorization: Bearer {KEY}\" \"{}/tokens/current/can?action=nuget:push&package=Contoso.Core&feed={}\"",
            self.api, self.feed
        )
    }

    /// Downloads a package.
    pub fn curl_get(&self) -> String {
        format!("curl -u {USER}:{KEY} -O {}/contoso.core/1.0.0/contoso.core.1.0.0.nupkg", self.flat)
    }
}
