mod fixture;
mod kept;
mod kill;
mod lifecycle;
mod photos;
mod report;
mod support;
mod work;
