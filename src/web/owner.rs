//! Whose things a page shows and changes. Who does it is [`SignedIn`]: the two are one person today, and are not on the
//! pages of an account that somebody manages for others.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::{
    error::PageError,
    page::{SignedIn, signed_in},
};
use crate::tokens::AccountId;

/// The account whose tokens, refusals or calendar a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub id: AccountId,
}

impl Owner {
    /// Somebody as the owner of their own things.
    pub fn of(me: &SignedIn) -> Self {
        Self { id: me.account.id }
    }
}

impl FromRequest for Owner {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await?.as_ref().map(Self::of).ok_or(PageError::SignInFirst) })
    }
}
