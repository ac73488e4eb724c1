//! Measurements that the benchmark prints and the tests bound.

pub mod gate;
