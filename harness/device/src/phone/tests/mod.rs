//! A phone without a phone: see `fixture`.

mod files;
mod fixture;
mod locks;
mod made;
mod runs;
mod strays;
