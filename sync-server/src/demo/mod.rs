//! `fieldseal-server demo`: a seeded company, and live engineers who are each the real `Engine` of the core, with
//! their own database file, behind a line that really cuts.

pub mod clock;
pub mod company;
pub mod proxy;
pub mod script;
