//! Journeys through a running portal, on both databases: what people do, and what must never happen to them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod database;
#[path = "../notifications/letter.rs"]
mod letter;
mod november_host;
#[path = "../registry/nupkg.rs"]
mod nupkg;
mod page;
mod person;
mod post;
#[path = "../notifications/post_office.rs"]
#[expect(dead_code, reason = "its bad moods are for other tests")]
mod post_office;
mod program;
mod raw;
mod world;

#[path = "../../src/packages/blobs/tests/stand_in.rs"]
mod stand_in;

mod address;
mod answers;
mod at_once;
mod bucket;
mod calendar;
mod claims;
mod clock_ahead;
mod commands;
mod create_token;
mod edit_token;
mod end_token;
mod every_form;
mod fill_by_link;
mod floods;
mod forgot;
mod forms;
mod full_disk;
mod happened;
mod health;
mod held_locks;
mod job_runs;
mod legacy;
mod links;
mod list_tokens;
mod logs;
mod mail_queue;
mod master_secret;
mod members;
mod migrations;
mod narrow_token;
mod nginx;
mod notices;
mod november;
mod november_record;
mod operator;
mod operator_accounts;
mod operator_people;
mod operator_tokens;
mod outage;
mod owner_invitations;
mod packages;
mod poolers;
mod preview_token;
mod private_folders;
mod profile;
mod refusals;
mod reminders;
mod reset;
mod restored;
mod secrets;
mod session;
mod sessions;
mod setup;
mod sign_in;
mod sign_up;
mod sign_up_by_mail;
mod stops;
mod strangers;
mod sweep;
mod token_batches;
mod token_page;
mod token_pages;
