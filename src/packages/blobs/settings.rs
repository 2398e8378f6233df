//! Which folder or bucket keeps the blobs, read from one setting.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Location;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use url::Url;

/// Where blobs are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobSettings {
    /// A folder of this machine, made when it is not there.
    Folder(PathBuf),
    /// A bucket that speaks S3.
    Bucket(Bucket),
}

/// A bucket that speaks S3. Credentials are no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What all keys begin with; may be empty.
    pub prefix: String,
    /// Its region; from `AWS_REGION` when not given.
    pub region: Option<String>,
    /// Where it is, unless at Amazon. Only an `http` address here lets requests travel unencrypted.
    pub endpoint: Option<Url>,
}

/// Why a text is no address of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBlobUrl {
    /// Not `s3://bucket`.
    #[error("The address of the package store must look like s3://bucket/prefix?region=eu-central-1.")]
    Shape,
    /// A user name or password.
    #[error(
        "The address of the package store must not hold credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )]
    Credentials,
    /// A parameter other than the two.
    #[error("The address of the package store takes only the parameters region and endpoint, each once.")]
    Parameter,
    /// An endpoint that is no web address.
    #[error("The endpoint of the package store must be an http or https address.")]
    Endpoint,
}

impl BlobSettings {
    /// Reads `s3://bucket/prefix?region=…&endpoint=…`.
    ///
    /// # Errors
    /// When the text has another shape, unknown parameters, or credentials.
    pub fn parse(text: &str) -> Result<Self, BadBlobUrl> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "s3").ok_or(BadBlobUrl::Shape)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBlobUrl::Credentials);
        }
        let name = url.host_str().filter(|name| !name.is_empty()).ok_or(BadBlobUrl::Shape)?;
        if url.port().is_some() || url.fragment().is_some() {
            return Err(BadBlobUrl::Shape);
        }
        let mut bucket = Bucket { name: name.to_owned(), prefix: prefix(&url)?, region: None, endpoint: None };
        for (key, value) in url.query_pairs() {
            bucket.set(&key, &value)?;
        }
        Ok(Self::Bucket(bucket))
    }
}

impl BlobSettings {
    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Bucket(_) => None,
        }
    }

    /// The folder, if it is one that is not there.
    pub fn missing_folder(&self) -> Option<&Path> {
        self.folder().filter(|folder| !folder.is_dir())
    }
}

fn prefix(url: &Url) -> Result<String, BadBlobUrl> {
    let path = Location::from_url_path(url.path()).map_err(|_| BadBlobUrl::Shape)?;
    Ok(path.to_string())
}

impl Bucket {
    fn set(&mut self, key: &str, value: &str) -> Result<(), BadBlobUrl> {
        match key {
            "region" if self.region.is_none() && !value.is_empty() => self.region = Some(value.to_owned()),
            "endpoint" if self.endpoint.is_none() => {
                let url = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
                self.endpoint = Some(url.ok_or(BadBlobUrl::Endpoint)?);
            }
            _ => return Err(BadBlobUrl::Parameter),
        }
        Ok(())
    }
}

pub(super) fn folder(folder: &Path) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)))
}

/// How often a look at the bucket is tried again: it has to be over, with its reason, before whoever looks loses patience.
pub(super) fn impatient() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(3), ..RetryConfig::default() }
}

pub(super) fn bucket(
    bucket: &Bucket,
    aws: &[(String, String)],
    retry: RetryConfig,
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    let mut builder = AmazonS3Builder::new().with_retry(retry);
    for (name, value) in aws {
        // The environment may hold variables for other programs; what is unknown is not ours.
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    // We delete one blob at a time, and not every store that speaks S3 knows how to delete many.
    builder = builder.with_bucket_name(&bucket.name).with_disable_bulk_delete(true);
    if let Some(region) = &bucket.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    // Set always, so that no variable of the environment can allow it.
    builder = builder.with_allow_http(bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http"));
    let store = builder.build()?;
    if bucket.prefix.is_empty() {
        Ok(Arc::new(store))
    } else {
        Ok(Arc::new(PrefixStore::new(store, bucket.prefix.as_str())))
    }
}
