//! Names of tokens whose maker gives none.

use super::super::{Result, Store};
use crate::tokens::{AccountId, draft::numbered};

impl Store {
    /// The default name of a new token, with the first number by which no token of the account is called yet. Of
    /// thousands of the same day, few are asked for.
    pub async fn free_token_name(&self, account: AccountId, name: &str) -> Result<String> {
        let (mut taken, mut free) = (0, 1);
        while self.has_token_named(account, &numbered(name, free)).await? {
            (taken, free) = (free, free * 2);
        }
        while free - taken > 1 {
            let middle = taken.midpoint(free);
            if self.has_token_named(account, &numbered(name, middle)).await? { taken = middle } else { free = middle }
        }
        Ok(numbered(name, free))
    }

    async fn has_token_named(&self, account: AccountId, name: &str) -> Result<bool> {
        Ok(self.hint_of_name(account, name, None).await?.is_some())
    }
}
