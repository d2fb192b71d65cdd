//! The engine's one source of chance.

use std::cell::RefCell;
use std::rc::Rc;

/// A handle to the generator; clones draw from the same sequence.
#[derive(Clone, Debug)]
pub struct Random(Rc<RefCell<fastrand::Rng>>);

impl Random {
    /// The sequence of `seed`: the same each time.
    pub fn seeded(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(fastrand::Rng::with_seed(seed))))
    }

    /// A sequence that nobody has seen.
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(fastrand::Rng::new())))
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        self.0.borrow_mut().u64(..)
    }

    /// A number below `bound`; 0 if the bound is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.borrow_mut().u64(..bound) }
    }

    /// A number from 0 up to 1.
    pub fn fraction(&self) -> f64 {
        self.0.borrow_mut().f64()
    }

    /// True with the probability `chance`, from 0 to 1.
    pub fn happens(&self, chance: f64) -> bool {
        self.fraction() < chance
    }

    /// A version 4 UUID: `f81d4fae-7dec-41d0-a765-00a0c91e6bf6`.
    pub fn uuid(&self) -> String {
        let (high, low) = (self.number(), self.number());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff,
        )
    }

    /// `length` letters and digits.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut rng = self.0.borrow_mut();
        std::iter::repeat_with(|| rng.alphanumeric()).take(length).collect()
    }

    /// `length` hexadecimal digits in lower case.
    pub fn hex(&self, length: usize) -> String {
        let mut rng = self.0.borrow_mut();
        std::iter::repeat_with(|| rng.digit(16)).take(length).collect()
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_sequence() {
        let draw = || (Random::seeded(7).uuid(), Random::seeded(7).hex(8));
        assert_eq!(draw(), draw());
        assert_ne!(Random::seeded(7).uuid(), Random::seeded(8).uuid());
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = Random::seeded(1).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uuid.as_bytes()[19]));
    }
}
