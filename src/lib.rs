//! Latchkey, the access-token portal of a package host. This page is the table of contents.

#[macro_use]
mod words;

pub mod accounts;
pub mod api;
pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod conditional;
pub mod config;
pub mod disk;
pub mod feeds;
pub mod headers;
pub mod health;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod notifications;
pub mod openapi;
pub mod package_store;
pub mod packages;
pub mod paths;
pub mod portal;
pub mod probes;
pub mod random;
pub mod readmes;
pub mod registry;
pub mod request_log;
pub mod routes;
pub mod runtime;
pub mod serve;
pub mod store;
pub mod tokens;
pub mod usage;
pub mod web;
pub mod well_known;
