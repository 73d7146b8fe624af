//! Colours and dashes. Knows no chart.

use plotters::style::RGBColor;

/// How a line or layer looks: a colour of Okabe and Ito (Color Universal Design, 2008) and its dash
/// pattern, so that lines are told apart without colour, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) colour: RGBColor,
    pub(super) dashes: &'static str,
}

pub(super) const BLUE: Look = Look { colour: RGBColor(0x00, 0x72, 0xB2), dashes: "" };
pub(super) const VERMILLION: Look = Look { colour: RGBColor(0xD5, 0x5E, 0x00), dashes: "80 30" };
pub(super) const GREEN: Look = Look { colour: RGBColor(0x00, 0x9E, 0x73), dashes: "30 40" };
pub(super) const PURPLE: Look = Look { colour: RGBColor(0xCC, 0x79, 0xA7), dashes: "90 25 20 25" };
pub(super) const ORANGE: Look = Look { colour: RGBColor(0xE6, 0x9F, 0x00), dashes: "140 30" };
pub(super) const SKY: Look = Look { colour: RGBColor(0x56, 0xB4, 0xE9), dashes: "45 20" };
pub(super) const BLACK: Look = Look { colour: RGBColor(0x00, 0x00, 0x00), dashes: "20 40" };
pub(super) const LOOKS: [Look; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY];

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
