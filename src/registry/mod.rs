//! The doors of package clients. Each speaks its clients' language; what a key may do is decided in `tokens`.

pub mod nuget;
