mod fixture;
mod kill;
mod lifecycle;
mod report;
mod support;
mod work;
