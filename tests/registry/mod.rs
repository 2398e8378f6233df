//! What package clients and users of the HTTP API are answered, over real connections, on both databases.

mod api_asks;
mod api_wire;
mod conditional;
mod connections;
mod early_answers;
mod every_route;
mod evidence;
mod legacy;
mod many_packages;
mod matrix;
mod matrix_oracle;
mod nuget_details;
mod nuget_hostile;
mod nuget_keys;
mod nuget_leaked_keys;
mod nuget_publish;
mod nuget_push_body;
mod nuget_read;
mod nuget_removed;
mod nuget_rights;
mod nuget_symbols;
mod nuget_uploads;
mod package_store;
mod pauses;
mod sources;
mod two_sources;
