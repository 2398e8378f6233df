//! How far a search is that goes from stage to stage of the order.

/// One page of one stage of the order.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) skip: usize,
    pub(super) take: usize,
}

/// What was found so far, and what the page still wants.
pub(super) struct Walked<H> {
    pub(super) hits: Vec<H>,
    pub(super) rest: Page,
}

impl<H> Walked<H> {
    pub(super) fn new(page: Page) -> Self {
        Self { hits: Vec::new(), rest: page }
    }

    pub(super) fn is_full(&self) -> bool {
        self.rest.take == 0
    }
}
