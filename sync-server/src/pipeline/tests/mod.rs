//! The pipeline against a real SQLite file, with phones that are nothing but documents and a position.

mod exceptions;
mod foundings;
mod kills;
mod limits;
mod load;
mod mirrors;
mod office;
mod positions;
mod scopes;
mod world;
