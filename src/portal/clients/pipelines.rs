//! The lines for build systems that restore and publish NuGet packages. They read the key from their own secrets.

use super::{Clients, SECRET, SnippetLine, chosen};

impl Clients {
    fn push_from_pipeline(&self, packages: &str) -> String {
        let (source, over_http) = (&self.source, self.over_http());
        format!(
            "dotnet nuget push \"{packages}\" --source {source} --api-key \"${SECRET}\" --skip-duplicate{over_http}"
        )
    }

    fn restore_in_pipeline(&self, indent: &str) -> String {
        format!("{}\n{indent}dotnet restore", self.add_source(&format!("\"${SECRET}\"")))
    }

    pub(super) fn github(&self) -> Vec<SnippetLine> {
        let env = format!("  env:\n    {SECRET}: ${{{{ secrets.{SECRET} }}}}");
        chosen([
            (
                self.push() || self.pull(),
                "Store the key as a secret of the repository: under Settings, Secrets and variables, Actions, or by this line, which asks for it",
                "the command that stores the secret",
                format!("gh secret set {SECRET}"),
            ),
            (
                self.pull(),
                "A step that restores",
                "the restore step for GitHub Actions",
                format!("- name: Restore\n  run: |\n    {}\n{env}", self.restore_in_pipeline("    ")),
            ),
            (
                self.push(),
                "A step that publishes",
                "the publish step for GitHub Actions",
                format!("- name: Publish\n  run: {}\n{env}", self.push_from_pipeline("out/*.nupkg")),
            ),
        ])
    }

    pub(super) fn gitlab(&self) -> Vec<SnippetLine> {
        let job = |name: &str, script: &str| {
            format!("{name}:\n  image: mcr.microsoft.com/dotnet/sdk\n  script:\n    - {script}")
        };
        let restore = self.restore_in_pipeline("    - ");
        chosen([
            (
                self.pull(),
                "Store the key under Settings, CI/CD, Variables as NUGET_API_KEY, masked and hidden. A job that restores:",
                "the restore job for GitLab CI",
                job("restore", &restore),
            ),
            (
                self.push(),
                "Store the key under Settings, CI/CD, Variables as NUGET_API_KEY, masked and hidden. A job that publishes:",
                "the publish job for GitLab CI",
                job("publish", &self.push_from_pipeline("out/*.nupkg")),
            ),
        ])
    }

    pub(super) fn azure(&self) -> Vec<SnippetLine> {
        let step = |script: &str| format!("- bash: {script}\n  env:\n    {SECRET}: $({SECRET})");
        chosen([
            (
                self.pull(),
                "Store the key as a secret variable NUGET_API_KEY of the pipeline. A step that restores:",
                "the restore step for Azure Pipelines",
                step(&format!("|\n    {}", self.restore_in_pipeline("    "))),
            ),
            (
                self.push(),
                "Store the key as a secret variable NUGET_API_KEY of the pipeline. A step that publishes:",
                "the publish step for Azure Pipelines",
                step(&self.push_from_pipeline("$(Build.ArtifactStagingDirectory)/*.nupkg")),
            ),
        ])
    }
}
