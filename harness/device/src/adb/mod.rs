//! Phones through an adb server: which are attached, commands, files.

mod address;
mod connection;
mod link;
mod listing;
mod packets;
mod reply;
mod server;
mod shell;
mod sync;

#[cfg(test)]
mod sync_tests;
#[cfg(test)]
mod tests;

pub use address::{PhoneAddress, ServerAddress};
pub use link::AdbLink;
pub use listing::AttachedPhone;
pub use server::Server;
