//! Lists that are read page by page: one row more than a page shows is asked for, and says whether there is a next page.

/// How many rows a page asks for to show so many: one more.
pub const fn limit(rows: usize) -> i64 {
    rows as i64 + 1
}

/// The rows of a page.
#[derive(Debug)]
pub struct Rows<T> {
    /// What the page shows.
    pub shown: Vec<T>,
    /// Whether there are more.
    pub more: bool,
}

impl<T> Rows<T> {
    /// The first `rows` of what was read with [`limit`].
    pub fn new(mut read: Vec<T>, rows: usize) -> Self {
        let more = read.len() > rows;
        read.truncate(rows);
        Self { shown: read, more }
    }

    /// Where the next page begins, if there is one: after the last row that is shown.
    pub fn next<L>(&self, link: impl FnOnce(&T) -> L) -> Option<L> {
        self.shown.last().filter(|_| self.more).map(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_next_page_only_where_more_was_read_than_is_shown() {
        let next = |read: Vec<i64>| {
            let rows = Rows::new(read, 2);
            (rows.next(|last| *last), rows.shown.len())
        };
        assert_eq!(limit(2), 3);
        assert_eq!([next(vec![]), next(vec![1, 2]), next(vec![1, 2, 3])], [(None, 0), (None, 2), (Some(2), 2)]);
    }
}
