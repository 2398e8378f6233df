//! Any bytes as a nuspec: refused with one ASCII sentence, or texts within their bounds.
#![no_main]

mod packages;

use libfuzzer_sys::fuzz_target;
use packages::nuget::nuspec::Nuspec;

fuzz_target!(|data: &[u8]| {
    match Nuspec::parse(data) {
        Ok(nuspec) => {
            assert!(nuspec.description.chars().count() <= 4_000);
            assert!(nuspec.project_url.is_none_or(|url| url.starts_with("http")));
            assert!(nuspec.dependency_groups.iter().map(|group| group.dependencies.len()).sum::<usize>() <= 1_000);
        }
        Err(error) => assert!(error.to_string().is_ascii()),
    }
});
