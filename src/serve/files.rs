//! Open files: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections: the database, packages being read and written, the log.
const OTHERS: u64 = 256;
/// More connections than this are not kept by one worker, whatever the limit of files.
const MOST: usize = 25_600;

/// Raises the limit of open files as far as this program may.
pub(super) fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, ?current, "the limit of open files could not be raised");
    }
}

/// How many connections a worker keeps open, so that files are left for everything else.
pub(super) fn connections() -> usize {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    most_for_each(getrlimit(Resource::Nofile).current, workers)
}

fn most_for_each(files: Option<u64>, workers: usize) -> usize {
    let Some(files) = files else { return MOST };
    let connections = files.saturating_sub(OTHERS).max(files / 2);
    usize::try_from(connections).unwrap_or(MOST).div_euclid(workers.max(1)).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_left_for_everything_but_connections() {
        assert_eq!(most_for_each(Some(1024), 2), 384);
        assert_eq!(most_for_each(Some(100), 2), 25);
        assert_eq!(most_for_each(Some(1 << 20), 2), MOST);
        assert_eq!(most_for_each(None, 8), MOST);
    }

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
