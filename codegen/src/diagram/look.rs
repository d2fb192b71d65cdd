//! How each kind looks: its icon, and its colour on light and on dark ground.
//!
//! A kind is told by its icon and its word as well as by its colour.

use super::graph::Kind;

/// A kind's drawing and inks. Inks have a contrast of at least 4.5 against their ground (WCAG 2.2, 1.4.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Path data in a square of 16 units, stroked.
    pub(super) icon: &'static str,
    /// Ink on a light ground.
    pub(super) light: &'static str,
    /// Ink on a dark ground.
    pub(super) dark: &'static str,
}

pub(super) const fn look(kind: Kind) -> Look {
    match kind {
        Kind::Outside => Look {
            icon: "M8 8.2a3.1 3.1 0 1 0 0-6.2 3.1 3.1 0 0 0 0 6.2zM2 14.5c.4-3 2.8-4.6 6-4.6s5.6 1.6 6 4.6",
            light: "#52606d",
            dark: "#aab7c4",
        },
        Kind::Event => Look { icon: "M9 1.5 3 9.2h4.3L6.6 14.5 13 6.6H8.6z", light: "#596273", dark: "#b0b8c4" },
        Kind::Table => Look {
            icon: "M2.5 4C2.5 1.3 13.5 1.3 13.5 4v8c0 2.7-11 2.7-11 0zM2.5 4c0 2.7 11 2.7 11 0M2.5 8c0 2.7 11 2.7 11 0",
            light: "#1d5fc4",
            dark: "#7db4ff",
        },
        Kind::Gateway => Look {
            icon: "M5 2H2v12h3M11 2h3v12h-3M4.8 8h6.4M9 5.6 11.4 8 9 10.4M7 5.6 4.6 8 7 10.4",
            light: "#0b6f8a",
            dark: "#5ccfe6",
        },
        Kind::Source => {
            Look { icon: "M7 2h7v12H7M1.5 8h8.7M7.3 4.9 10.4 8l-3.1 3.1", light: "#0f766e", dark: "#5eead4" }
        }
        Kind::Topic => Look {
            icon: "M3.2 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM5 8h8.5M5 7.2 12 2.6M5 8.8l7 4.6M10.6 2.2l1.7.2-.5 1.7M12 6.4 13.7 8 12 9.6M11.8 11.9l.5 1.7-1.7.2",
            light: "#be185d",
            dark: "#ff8fc0",
        },
        Kind::Queue => Look { icon: "M1.5 4.5h13v7h-13zM5.8 4.5v7M10.2 4.5v7", light: "#a84f06", dark: "#fbbf5c" },
        Kind::Grouper => Look { icon: "M1.8 2.5h12.4L9.6 8v5l-3.2 1.4V8z", light: "#7c3aed", dark: "#c4a7ff" },
        Kind::Workflow => Look {
            icon: "M1.8 2.2h5v4h-5zM9.2 9.8h5v4h-5zM4.3 6.2v5.6h4.9M7.4 10l1.8 1.8-1.8 1.8",
            light: "#4338ca",
            dark: "#a9adff",
        },
        Kind::Handler => Look { icon: "M3.5 2h2.3l5.4 12h2M7.6 6.4 3.2 14", light: "#b93c0a", dark: "#ffa877" },
        Kind::Sink => Look { icon: "M9 2H2v12h7M6 8h8.2M11.1 4.9 14.2 8l-3.1 3.1", light: "#15753a", dark: "#6fdc9a" },
        Kind::DeadLetter => {
            Look { icon: "M1.5 3.5h13v9h-13zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4", light: "#b91c1c", dark: "#ff8f8f" }
        }
        Kind::Send => Look { icon: "M14.2 1.8 7 9M14.2 1.8 9.8 14.2 7 9 1.8 6.2z", light: "#15753a", dark: "#6fdc9a" },
        Kind::Wait => Look {
            icon: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4zM8 4.4V8l2.6 1.7",
            light: "#5a6577",
            dark: "#a9b6c6",
        },
        Kind::Choice => Look {
            icon: "M8 1.4 14.6 8 8 14.6 1.4 8zM6.4 6.6a1.7 1.7 0 1 1 2.3 1.6c-.5.2-.7.5-.7 1M8 11.2v.1",
            light: "#5a6577",
            dark: "#a9b6c6",
        },
        Kind::Parallel => {
            Look { icon: "M1.5 8H5M11 8h3.5M5 3.5h6M5 12.5h6M5 3.5v9M11 3.5v9", light: "#5a6577", dark: "#a9b6c6" }
        }
        Kind::Map => Look { icon: "M2 5h9v9H2zM5 5V2h9v9h-3", light: "#5a6577", dark: "#a9b6c6" },
    }
}

/// The style sheet's part that is the same for every picture: type, grounds and lines.
pub(super) const STYLE: &str = "\
text{font-family:'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif;fill:#17202b}
.ground,.card{fill:#fff}
.title{font-size:26px;font-weight:700}
.about{font-size:16px}
.name{font-size:16px;font-weight:700}
.row .name{font-size:13px}
.detail{font-size:13px}
.about,.detail{fill:#536071}
.word{font-size:11px;font-weight:700;letter-spacing:.8px;fill:currentColor}
.label{font-size:13px;fill:#3d4856;stroke:#fff;stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.icon{fill:none;stroke:currentColor;stroke-width:1.5px;stroke-linecap:round;stroke-linejoin:round}
.tint{fill:currentColor;fill-opacity:.06;stroke:currentColor;stroke-opacity:.55;stroke-width:1.5px}
.outside .tint{stroke-dasharray:5 4}
.hit{fill:none;pointer-events:all}
.rule{stroke:currentColor;stroke-opacity:.25}
.line,.hop{fill:none;stroke:#7b8898;stroke-width:1.75px}
.hop{stroke-width:1.5px}
.dashed .line,.dashed .hop{stroke-dasharray:5 4}
.tip{fill:#7b8898}
.caught .line,.caught .hop{stroke:#b91c1c;stroke-dasharray:1.5 3;stroke-linecap:round}
.caught-tip{fill:#b91c1c}
";

/// What of it is other on a dark ground.
pub(super) const DARK_STYLE: &str = "\
text{fill:#e9eef4}
.ground{fill:#0f141b}
.card{fill:#161d27}
.about,.detail{fill:#a3b1c2}
.word{fill:currentColor}
.label{fill:#ccd6e0;stroke:#0f141b}
.tint{fill-opacity:.09}
.line,.hop{stroke:#76869a}
.tip{fill:#76869a}
.caught .line,.caught .hop{stroke:#ff8f8f}
.caught-tip{fill:#ff8f8f}
";
