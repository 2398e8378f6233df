//! Takes package files without a version out of the store: what is left of a push whose process died between bytes and
//! row. Only of a store that is ours, only what has been there for days, first into the trash, and never much at once:
//! all of it is also what a wrong database, or one that is older than its store, would look like.

use anyhow::bail;
use chrono::Duration;
use futures_util::TryStreamExt;

use super::counted_as;
use crate::{
    app::App,
    package_store::Custody,
    packages::{
        FileFate,
        blobs::{BlobKey, Ownership},
    },
    tokens::VersionKey,
};

/// How long a file without a version stays in its place.
pub const GRACE: Duration = Duration::days(7);
/// How long a file stays in the trash.
pub const IN_TRASH: Duration = Duration::days(30);
/// Of more files than these, at most one in [`SHARE`] may go at once.
const FEW: usize = 4;
const SHARE: usize = 10;

/// How a cleanup goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrphanCleanup {
    /// Look only.
    pub dry_run: bool,
    /// Somebody looked: much of the store may go.
    pub allow_many: bool,
}

/// What a cleanup found and did; with a dry run, what it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrphanReport {
    /// Files looked at.
    pub files: usize,
    /// Files without a version, put into the trash.
    pub thrown_away: Vec<BlobKey>,
    /// Files that were long enough in the trash, deleted for good.
    pub deleted: Vec<BlobKey>,
    /// Files in the trash that belong to a version after all, put back.
    pub put_back: Vec<BlobKey>,
    /// Why nothing at all may be deleted, if so; only a dry run gets here with it.
    pub problem: Option<String>,
}

/// Runs once; tells what became of how many files, in words.
///
/// # Errors
/// When the store is not ours, much of it would go, or store or database do not answer: then nothing was deleted.
pub async fn remove_orphans(app: &App) -> anyhow::Result<String> {
    let report = clean_up_orphans(app, OrphanCleanup::default()).await?;
    let counts = [
        counted_as(report.thrown_away.len(), "files put into the trash"),
        counted_as(report.deleted.len(), "files deleted from the trash"),
        counted_as(report.put_back.len(), "files put back"),
    ];
    let counts = counts.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
    if !counts.is_empty() {
        tracing::info!("package files without a version: {counts}");
    }
    Ok(counts)
}

/// Runs once, as [`remove_orphans`] does.
///
/// # Errors
/// See there. A dry run fails only when store or database do not answer.
pub async fn clean_up_orphans(app: &App, how: OrphanCleanup) -> anyhow::Result<OrphanReport> {
    let custody = Custody::of(&app.store, &app.blobs).await?;
    let census = Census::of(app, custody.claim.since).await?;
    let problem = problem(&custody, &census, how);
    let (day, mut report) = (app.clock.now().date_naive(), OrphanReport { files: census.files, ..Default::default() });
    if how.dry_run {
        report.thrown_away = census.orphans;
        report.problem = problem;
        empty_trash(app, how, &mut report).await?;
        return Ok(report);
    }
    if let Some(problem) = problem {
        // A store that is back where it was is this host's again.
        let is_missing = custody.ownership == Ownership::Missing;
        if !is_missing && census.stranger.is_some() || custody.ownership == Ownership::Disputed {
            custody.hold(&app.store, &app.blobs).await?;
        }
        bail!("the package store: {problem}");
    }
    custody.renew(&app.store, &app.blobs, app.clock.now()).await?;
    empty_trash(app, how, &mut report).await?;
    for orphan in census.orphans {
        app.blobs.move_to_trash(&orphan, day).await?;
        report.thrown_away.push(orphan);
    }
    app.store.forget_uploads(app.clock.now() - GRACE - Duration::days(1)).await?;
    Ok(report)
}

/// What is in the store, compared with the database.
#[derive(Debug, Default)]
struct Census {
    /// Files of packages.
    files: usize,
    /// Those without a version, whatever their age.
    unknown: usize,
    /// Those of them that have been there for long enough.
    orphans: Vec<BlobKey>,
    /// One that this installation did not write.
    stranger: Option<BlobKey>,
}

impl Census {
    async fn of(app: &App, since: i64) -> anyhow::Result<Self> {
        let settled = app.clock.now() - GRACE;
        let (mut census, mut files) = (Self::default(), app.blobs.files());
        while let Some(file) = files.try_next().await? {
            let Some(version) = file.key.id().map(VersionKey::from) else { continue };
            census.files += 1;
            let fate = app.store.file_fate(version).await?;
            if fate == FileFate::Needed {
                continue;
            }
            census.unknown += 1;
            let made_at = file.key.made_at().unwrap_or(file.written_at);
            if fate == FileFate::Unknown && made_at.timestamp() >= since {
                census.stranger.get_or_insert_with(|| file.key.clone());
            }
            if file.written_at < settled {
                census.orphans.push(file.key);
            }
        }
        Ok(census)
    }
}

/// Why nothing may be deleted, if so.
fn problem(custody: &Custody, census: &Census, how: OrphanCleanup) -> Option<String> {
    if let Some(problem) = custody.ownership.problem() {
        return Some(problem);
    }
    if let Some(stranger) = &census.stranger {
        let name = stranger.as_str();
        return Some(format!(
            "{name} was written by a host that this database knows nothing of, so this is a restored or copied database, or \
             another host uses the store too. Nothing is deleted until `latchkey restored` (after a restore) or `latchkey \
             store adopt` says that this host is the one that stays"
        ));
    }
    // A store without an identity is taken over only by a database that knows it.
    let unclaimed = custody.ownership == Ownership::Unclaimed;
    let going = if unclaimed { census.unknown } else { census.orphans.len() };
    (much(going, census.files) && !how.allow_many).then(|| {
        format!(
            "{going} of its {} files belong to no version in this database, which is more than pushes leave behind; nothing \
             is deleted. See them with `latchkey jobs run orphans --dry-run`, and let them go with `latchkey jobs run orphans \
             --allow-many`",
            census.files
        )
    })
}

fn much(going: usize, of: usize) -> bool {
    going > FEW && going.saturating_mul(SHARE) > of
}

/// Deletes what has been in the trash for long enough, and puts back what belongs to a version after all.
async fn empty_trash(app: &App, how: OrphanCleanup, report: &mut OrphanReport) -> anyhow::Result<()> {
    let before = (app.clock.now() - IN_TRASH).date_naive();
    let mut trash = app.blobs.trash();
    while let Some(trashed) = trash.try_next().await? {
        let Some(version) = trashed.key.id().map(VersionKey::from) else { continue };
        if app.store.file_fate(version).await? == FileFate::Needed {
            if !app.blobs.exists(&trashed.key).await? {
                if !how.dry_run {
                    app.blobs.restore_trashed(&trashed).await?;
                }
                report.put_back.push(trashed.key);
            }
        } else if trashed.day < before {
            if !how.dry_run {
                app.blobs.delete_trashed(&trashed).await?;
            }
            report.deleted.push(trashed.key);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_files_may_go_from_any_store_and_a_tenth_of_a_large_one() {
        assert!(!much(0, 0) && !much(4, 4) && !much(10, 100));
        assert!(much(5, 5) && much(60, 60) && much(11, 100));
    }
}
