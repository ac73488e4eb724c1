mod board;
mod counts;
mod plan;
mod queries;
mod records;
mod review;
mod tickets;
mod world;
