//! Colours, dashes and markers. Knows no chart.

use plotters::style::RGBColor;

/// How a line or layer looks: a colour of Okabe and Ito (Color Universal Design, 2008), the last two of Tol's
/// muted scheme, and its dash pattern and marker, so that lines are told apart without colour, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) colour: RGBColor,
    pub(super) dashes: &'static str,
    pub(super) marker: Marker,
}

impl Default for Look {
    fn default() -> Self {
        BLUE
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Square,
    Up,
    Diamond,
    Cross,
    Down,
    Plus,
    Bar,
}

impl Marker {
    /// Returns its corners around the origin; it is about two units wide.
    pub(super) fn corners(self) -> Vec<(f64, f64)> {
        // A third of a unit is half a stroke of a cross.
        let plus = [
            (0.3, -1.1),
            (0.3, -0.3),
            (1.1, -0.3),
            (1.1, 0.3),
            (0.3, 0.3),
            (0.3, 1.1),
            (-0.3, 1.1),
            (-0.3, 0.3),
            (-1.1, 0.3),
            (-1.1, -0.3),
            (-0.3, -0.3),
            (-0.3, -1.1),
        ];
        match self {
            Self::Circle => (0..16)
                .map(|i| f64::from(i) * std::f64::consts::PI / 8.0)
                .map(|turn| (libm::cos(turn), libm::sin(turn)))
                .collect(),
            Self::Square => vec![(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::Up => vec![(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Self::Down => vec![(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
            Self::Diamond => vec![(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
            Self::Plus => plus.to_vec(),
            Self::Cross => plus.iter().map(|&(x, y)| ((x - y) * HALF, (x + y) * HALF)).collect(),
            Self::Bar => vec![(-1.3, -0.5), (1.3, -0.5), (1.3, 0.5), (-1.3, 0.5)],
        }
    }
}

/// Turns a plus into a cross: the sine of 45 degrees.
const HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;

pub(super) const BLUE: Look = Look { colour: RGBColor(0x00, 0x72, 0xB2), dashes: "", marker: Marker::Circle };
pub(super) const VERMILLION: Look =
    Look { colour: RGBColor(0xD5, 0x5E, 0x00), dashes: "80 30", marker: Marker::Square };
pub(super) const GREEN: Look =
    Look { colour: RGBColor(0x00, 0x9E, 0x73), dashes: "30 40", marker: Marker::Up };
pub(super) const PURPLE: Look =
    Look { colour: RGBColor(0xCC, 0x79, 0xA7), dashes: "90 25 20 25", marker: Marker::Diamond };
pub(super) const ORANGE: Look =
    Look { colour: RGBColor(0xE6, 0x9F, 0x00), dashes: "140 30", marker: Marker::Down };
pub(super) const SKY: Look =
    Look { colour: RGBColor(0x56, 0xB4, 0xE9), dashes: "45 20", marker: Marker::Plus };
pub(super) const BLACK: Look =
    Look { colour: RGBColor(0x00, 0x00, 0x00), dashes: "20 40", marker: Marker::Circle };
const WINE: Look = Look { colour: RGBColor(0x88, 0x22, 0x55), dashes: "20 25 80 25", marker: Marker::Cross };
const OLIVE: Look = Look { colour: RGBColor(0x99, 0x99, 0x33), dashes: "60 20 60 60", marker: Marker::Bar };
pub(super) const LOOKS: [Look; 8] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, WINE, OLIVE];

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const GREY: RGBColor = RGBColor(0x66, 0x66, 0x66);
pub(super) const LEADER: RGBColor = RGBColor(0xBB, 0xBB, 0xBB);
pub(super) const MARK: RGBColor = RGBColor(0x99, 0x99, 0x99);
pub(super) const GRID: RGBColor = RGBColor(0xE2, 0xE2, 0xE2);
pub(super) const SHADE: RGBColor = RGBColor(0xF1, 0xF1, 0xF1);
/// Behind a stretch in which something is wrong.
pub(super) const ALARM: RGBColor = RGBColor(0xFB, 0xDD, 0xD3);

/// Writes the dashes of every colour into an SVG, whose backend knows none.
pub(super) fn dashed(mut svg: String) -> String {
    for look in LOOKS.iter().chain([&BLACK]).filter(|look| !look.dashes.is_empty()) {
        let RGBColor(r, g, b) = look.colour;
        let stroke = format!("stroke=\"#{r:02X}{g:02X}{b:02X}\"");
        svg = svg.replace(&stroke, &format!("{stroke} stroke-dasharray=\"{}\"", look.dashes));
    }
    svg
}
