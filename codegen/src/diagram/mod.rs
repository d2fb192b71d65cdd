//! Pictures of a flow.
//!
//! In: a [`Graph`], which knows nothing of the compiler. Out: text, either an SVG with a layout of
//! our own ([`svg`]) or a Mermaid flowchart ([`mermaid`]). Guaranteed: any graph is drawn, whatever
//! its names; the same graph is the same bytes on every machine.
//!
//! The layout is the layered one of Sugiyama, Tagawa and Toda (1981), left to right, one file per
//! step: `cards` measures, `rank` chooses columns, `mesh` cuts long edges, `order` untangles, `ports`
//! keeps arrows of different meaning apart, `place` sets heights, `route` draws lines, and `layout`
//! sets connected parts side by side.

mod cards;
mod graph;
mod ids;
mod layout;
mod look;
mod mermaid;
mod mesh;
mod order;
mod place;
mod ports;
mod rank;
mod route;
mod svg;
mod text;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use graph::{Edge, Graph, Kind, Node, Stroke};
pub use mermaid::mermaid;
pub use svg::svg;
