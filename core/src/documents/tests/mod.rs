//! Tests of the form, the gate and the document.

mod crafted;
mod document;
mod form;
mod histories;
mod support;
