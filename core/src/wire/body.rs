//! Gzip around CBOR, decoded under a bound.
