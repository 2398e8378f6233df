//! Feeds: what one is, who has which role in it, and who was asked to own something.

mod feed;
mod membership;
mod owner_invitation;

pub use self::{
    feed::{Feed, FeedDeletion, HostFeed},
    membership::{FeedSummary, Member, MemberChange, Membership},
    owner_invitation::{Accepted, INVITATION_LASTS, OwnerInvitation},
};
