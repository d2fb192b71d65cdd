//! From a graph to sized boxes and the wires between them.
//!
//! In: a graph. Out: one card per node without a parent, with its texts cut to fit and its rows
//! measured, and one wire per edge, from card to card, with the height of each end. Guaranteed:
//! every wire's ends exist; parents that are unknown, or in a loop, are ignored.

use std::collections::BTreeMap;

use super::graph::{Edge, Graph, Kind, Node, Stroke};
use super::ids::{CardId, Key as _, Per, WireId};
use super::text::Font;

/// The typographic scale, in user units.
pub(super) const WORD: Font = Font { size: 11.0, bold: true, spacing: 0.8 };
pub(super) const NAME: Font = Font::bold(16.0);
pub(super) const DETAIL: Font = Font::regular(13.0);
pub(super) const STEP: Font = Font::bold(13.0);
pub(super) const LABEL: Font = Font::regular(13.0);

/// Inner margin of a card, left and right.
pub(super) const PAD: f64 = 12.0;
/// Edge length of an icon.
pub(super) const ICON: f64 = 14.0;
/// Space from an icon to its text.
pub(super) const ICON_GAP: f64 = 6.0;
/// Baselines from a card's top.
pub(super) const WORD_BASE: f64 = 23.0;
pub(super) const NAME_BASE: f64 = 44.0;
/// From one line's baseline to the next.
pub(super) const LEADING: f64 = 18.0;
/// From one row's centre to the next.
pub(super) const PITCH: f64 = 30.0;
/// How far the rows of a step's steps are moved in.
pub(super) const INDENT: f64 = 18.0;
/// Room on the left of the icons for one arrow that skips rows.
pub(super) const SKIP: f64 = 11.0;

const LAST_LINE: f64 = 15.0;
const TEXT_ROOM: f64 = 216.0;
const STEP_ROOM: f64 = 150.0;
/// The widest detail of a step: where it goes on stands here, since there is no room between the rows.
const STEP_DETAIL_ROOM: f64 = 200.0;
const LABEL_ROOM: f64 = 130.0;
const MIN_WIDTH: f64 = 104.0;
const DETAILS: usize = 2;
/// A detail wider than this, and than the name above it, is set in two lines: columns stay narrow.
const DETAIL_ROOM: f64 = 128.0;
const DEEPEST: usize = 4;
const MOST_SKIPS: usize = 4;

/// A box before it has a place.
#[derive(Debug, Clone)]
pub(super) struct Card<'g> {
    pub(super) node: &'g Node,
    pub(super) name: String,
    pub(super) detail: Vec<String>,
    pub(super) rows: Vec<Row<'g>>,
    pub(super) hops: Vec<Hop<'g>>,
    /// Where the rows' icons begin, from the card's left.
    pub(super) gutter: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A step inside a card.
#[derive(Debug, Clone)]
pub(super) struct Row<'g> {
    pub(super) node: &'g Node,
    pub(super) name: String,
    pub(super) detail: String,
    pub(super) depth: usize,
    /// Centre from the card's top.
    pub(super) y: f64,
}

/// An arrow between two rows of one card, by position. `lane` is 0 where it runs from icon to icon,
/// and else counts from the icons outwards.
#[derive(Debug, Clone)]
pub(super) struct Hop<'g> {
    pub(super) edge: &'g Edge,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) lane: usize,
}

/// An arrow between cards, or from a card to itself.
#[derive(Debug, Clone)]
pub(super) struct Wire<'g> {
    pub(super) edge: &'g Edge,
    pub(super) from: CardId,
    pub(super) to: CardId,
    /// The rows it leaves and enters, where it is not the card as a whole.
    pub(super) from_row: Option<usize>,
    pub(super) to_row: Option<usize>,
    /// Heights of the ends, from the top of their cards.
    pub(super) leaves: f64,
    pub(super) enters: f64,
    pub(super) label: Option<String>,
}

/// All cards and wires of a graph.
#[derive(Debug, Clone)]
pub(super) struct Cards<'g> {
    pub(super) cards: Per<CardId, Card<'g>>,
    pub(super) wires: Per<WireId, Wire<'g>>,
}

#[derive(Clone, Copy)]
enum Seat {
    Card(CardId),
    Row(CardId, usize),
}

pub(super) fn cards(graph: &Graph) -> Cards<'_> {
    let mut nodes: BTreeMap<&str, &Node> = BTreeMap::new();
    let mut order: Vec<&Node> = Vec::new();
    for node in &graph.nodes {
        if !nodes.contains_key(node.id.as_str()) {
            nodes.insert(&node.id, node);
            order.push(node);
        }
    }
    let mut children: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    let mut tops: Vec<&Node> = Vec::new();
    for &node in &order {
        match parent(node, &nodes) {
            Some(parent) => children.entry(&parent.id).or_default().push(node),
            None => tops.push(node),
        }
    }

    let mut cards = Per::new();
    let mut seats: BTreeMap<&str, Seat> = BTreeMap::new();
    for node in tops {
        let mut rows = Vec::new();
        collect_rows(node, 0, &children, &mut rows);
        let id = CardId::of(cards.len());
        seats.insert(&node.id, Seat::Card(id));
        for (index, row) in rows.iter().enumerate() {
            seats.insert(&row.node.id, Seat::Row(id, index));
        }
        cards.push(Card {
            node,
            name: NAME.fit(&node.name, TEXT_ROOM),
            detail: details(node, 0.0),
            rows,
            hops: Vec::new(),
            gutter: PAD,
            width: 0.0,
            height: 0.0,
        });
    }

    let mut between = Vec::new();
    for edge in &graph.edges {
        let (Some(&from), Some(&to)) = (seats.get(edge.from.as_str()), seats.get(edge.to.as_str())) else { continue };
        match (from, to) {
            (Seat::Row(card, from), Seat::Row(other, to)) if card == other => {
                cards[card].hops.push(Hop { edge, from, to, lane: 0 });
            }
            // Between a card and its own rows nothing is drawn: being inside says it.
            (Seat::Row(card, _), Seat::Card(other)) | (Seat::Card(card), Seat::Row(other, _)) if card == other => {}
            _ => between.push((edge, from, to)),
        }
    }
    for card in cards.values_mut() {
        measure(card);
    }
    let wires = between.into_iter().map(|(edge, from, to)| wire(edge, from, to, &cards)).collect();
    Cards { cards, wires }
}

/// The parent of `node`, where following parents from it comes to an end.
fn parent<'g>(node: &'g Node, nodes: &BTreeMap<&str, &'g Node>) -> Option<&'g Node> {
    let direct = *nodes.get(node.parent.as_deref()?)?;
    let mut above = Some(direct);
    for _ in 0..DEEPEST {
        match above.and_then(|node| node.parent.as_deref()).and_then(|id| nodes.get(id)) {
            None => return Some(direct),
            next => above = next.copied(),
        }
    }
    None
}

fn collect_rows<'g>(node: &Node, depth: usize, children: &BTreeMap<&str, Vec<&'g Node>>, rows: &mut Vec<Row<'g>>) {
    for &child in children.get(node.id.as_str()).into_iter().flatten() {
        let detail = child.detail.first().map(|line| DETAIL.fit(line, STEP_DETAIL_ROOM)).unwrap_or_default();
        rows.push(Row { node: child, name: STEP.fit(&child.name, STEP_ROOM), detail, depth, y: 0.0 });
        collect_rows(child, depth + 1, children, rows);
    }
}

fn details(node: &Node, room: f64) -> Vec<String> {
    let room = NAME.width(&NAME.fit(&node.name, TEXT_ROOM)).max(DETAIL_ROOM).max(room);
    let wrapped = node.detail.iter().take(DETAILS).flat_map(|line| DETAIL.wrap(line, room));
    wrapped.map(|line| DETAIL.fit(&line, TEXT_ROOM)).collect()
}

impl Cards<'_> {
    /// Sets the details anew for columns of these widths, as what need not be two lines should be one.
    pub(super) fn widen(&mut self, widths: &Per<CardId, f64>) {
        for (id, &width) in widths.iter() {
            let card = &mut self.cards[id];
            let detail = details(card.node, width - 2.0 * PAD - round_ends(card.node.kind));
            if detail != card.detail {
                card.detail = detail;
                measure(card);
            }
        }
        for wire in self.wires.values_mut() {
            wire.leaves = end(&self.cards[wire.from], wire.from_row);
            wire.enters = end(&self.cards[wire.to], wire.to_row);
        }
    }
}

/// Outside things are drawn with round ends, which take room from the text.
fn round_ends(kind: Kind) -> f64 {
    if kind == Kind::Outside { 12.0 } else { 0.0 }
}

fn measure(card: &mut Card<'_>) {
    let mut skips = 0;
    for hop in &mut card.hops {
        let next = hop.to == hop.from + 1;
        let level = |row: usize| card.rows.get(row).map(|row| row.depth);
        if !(next && level(hop.from) == level(hop.to)) {
            skips += 1;
            hop.lane = (skips - 1) % MOST_SKIPS + 1;
        }
    }
    let lanes = f64::from(u8::try_from(skips.min(MOST_SKIPS)).unwrap_or(u8::MAX));
    card.gutter = if skips == 0 { PAD } else { 8.0 + lanes * SKIP };

    let head = ICON + ICON_GAP + WORD.width(&card.node.kind.word().to_uppercase());
    let lines = card.detail.iter().map(|line| DETAIL.width(line));
    let texts = lines.chain([head, NAME.width(&card.name)]).fold(0.0, f64::max) + 2.0 * PAD;
    let rows = card.rows.iter().map(|row| {
        let detail = if row.detail.is_empty() { 0.0 } else { DETAIL.width(&row.detail) + 18.0 };
        card.gutter + indent(row.depth) + ICON + ICON_GAP + 2.0 + STEP.width(&row.name) + detail + PAD
    });
    card.width = (rows.fold(texts, f64::max) + round_ends(card.node.kind)).max(MIN_WIDTH).ceil();

    let details = f64::from(u8::try_from(card.detail.len()).unwrap_or(u8::MAX));
    let head = NAME_BASE + details * LEADING + LAST_LINE;
    let mut y = head + PITCH / 2.0 + 4.0;
    for row in &mut card.rows {
        row.y = y;
        y += PITCH;
    }
    card.height = if card.rows.is_empty() { head } else { y - PITCH / 2.0 + 5.0 };
}

/// How far a row of this depth is moved in.
pub(super) fn indent(depth: usize) -> f64 {
    f64::from(u8::try_from(depth.min(DEEPEST)).unwrap_or(u8::MAX)) * INDENT
}

/// Height of the part of a card that stands for it as a whole: all of it, or what is above its rows.
pub(super) fn head(card: &Card<'_>) -> f64 {
    card.rows.first().map_or(card.height, |row| row.y - PITCH / 2.0 - 4.0)
}

/// The height at which arrows meet a card as a whole, from its top.
pub(super) fn port(card: &Card<'_>) -> f64 {
    (head(card) / 2.0).round()
}

/// The height at which arrows meet a card, or one of its rows.
fn end(card: &Card<'_>, row: Option<usize>) -> f64 {
    row.and_then(|row| card.rows.get(row)).map_or_else(|| port(card), |row| row.y)
}

fn wire<'g>(edge: &'g Edge, from: Seat, to: Seat, cards: &Per<CardId, Card<'g>>) -> Wire<'g> {
    let seat = |seat: Seat| match seat {
        Seat::Card(card) => (card, None),
        Seat::Row(card, row) => (card, Some(row)),
    };
    let ((from, from_row), (to, to_row)) = (seat(from), seat(to));
    let (leaves, enters) = (end(&cards[from], from_row), end(&cards[to], to_row));
    let label = edge.label.as_deref().filter(|label| !label.trim().is_empty());
    let label = label.map(|label| LABEL.fit(label, LABEL_ROOM));
    Wire { edge, from, to, from_row, to_row, leaves, enters, label }
}

impl Wire<'_> {
    pub(super) fn dashed(&self) -> bool {
        self.edge.style != Stroke::Solid
    }
}
