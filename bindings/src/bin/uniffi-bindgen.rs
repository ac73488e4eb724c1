//! The generator of the Kotlin and Swift sides, pinned to the version of the exports:
//! `cargo run -p fieldseal-bindings --features bindgen --bin uniffi-bindgen -- generate …`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
