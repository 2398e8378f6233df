//! A request about one token: who asks, whose it is, and the token itself.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    web::{Data, Path},
};

use super::{feeds, find, path, refusals::write_mine, view};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{
        Token,
        act::{CannotAct, TokenAct},
    },
    web::{error::PageError, owner::Owner, page::SignedIn},
};

/// A request whose path names one of the owner's tokens; any other is not found, whether it exists or not.
pub struct TokenRequest {
    pub(super) req: HttpRequest,
    pub(super) app: Data<App>,
    pub(super) me: SignedIn,
    pub(super) owner: Owner,
    pub(super) token: Token,
}

impl TokenRequest {
    /// The same with the token as it is now.
    pub(super) async fn reloaded(self) -> Result<Self, PageError> {
        let token = find(&self.app, self.owner, &self.token.id.to_string()).await?;
        Ok(Self { token, ..self })
    }

    /// The same with what this node saw of the owner's tokens in the last seconds.
    pub(super) async fn with_latest_uses(self) -> Result<Self, PageError> {
        if write_mine(&self.app, self.owner).await { self.reloaded().await } else { Ok(self) }
    }

    /// Why something cannot be done with the token now.
    pub(super) fn check(&self, act: TokenAct) -> Result<(), CannotAct> {
        act.check(&self.token, self.me.now)
    }

    /// The feeds its owner can use.
    pub(super) async fn feeds(&self) -> Result<Vec<Feed>, PageError> {
        feeds(&self.app, self.owner).await
    }

    /// The token as lists and questions show it.
    pub(super) async fn summary(&self) -> Result<view::Token, PageError> {
        Ok(view::Token::in_list(&self.token, &self.feeds().await?, &self.me))
    }

    /// The path of the token's page.
    pub(super) fn path(&self) -> String {
        path(&self.token)
    }
}

impl FromRequest for TokenRequest {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let me = SignedIn::extract(&req).await?;
            let owner = Owner::extract(&req).await?;
            let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
            let id = Path::<String>::extract(&req).await.map_err(|_| PageError::NotFound)?;
            let token = find(&app, owner, &id).await?;
            Ok(Self { req, app, me, owner, token })
        })
    }
}
