//! What the commands of the repository and its tests share.

pub mod copies;
pub mod hostile;
