//! Reads numbers and slices off the front of bytes that nobody vouches for.
//!
//! Invariants: never panics, never allocates by a length that was only claimed, and knows one form a number only
//! (the shortest LEB128), so that one content has one encoding.

/// Bytes that are consumed from the front.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// An unsigned LEB128 number in its shortest form.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for index in 0..10_u32 {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            if index == 9 && byte > 1 {
                return None;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                return if byte == 0 && index > 0 { None } else { Some(value) };
            }
        }
        None
    }

    /// A signed LEB128 number; longer forms than needed are read.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let mut value = 0_i64;
        for index in 0..10_u32 {
            let [byte] = self.array()?;
            let shift = 7 * index;
            if index == 9 && byte != 0 && byte != 0x7f {
                return None;
            }
            value |= i64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1_i64 << (shift + 7);
                }
                return Some(value);
            }
        }
        None
    }

    /// A number as a length of something that must lie in the bytes that are left.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Whether everything was consumed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
