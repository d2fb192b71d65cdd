//! Everi's crate is printed as it stands in the tree.
