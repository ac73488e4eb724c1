//! Tests of the form, the gate and the document.

mod document;
mod form;
mod support;
