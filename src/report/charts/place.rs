//! Where a label stands: of several places the one that hides and is crossed least. Knows no chart.

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Box {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Box {
    /// Returns the area that two boxes share.
    fn shared(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// Returns how much of the stretch between two points lies inside (Liang & Barsky 1984).
    fn crossed(&self, from: (f64, f64), to: (f64, f64)) -> f64 {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        let edges = [
            (-dx, from.0 - self.left),
            (dx, self.right - from.0),
            (-dy, from.1 - self.top),
            (dy, self.bottom - from.1),
        ];
        for (speed, room) in edges {
            if speed == 0.0 {
                if room < 0.0 {
                    return 0.0;
                }
            } else if speed < 0.0 {
                enter = enter.max(room / speed);
            } else {
                leave = leave.min(room / speed);
            }
        }
        (leave - enter).max(0.0) * libm::hypot(dx, dy)
    }
}

/// What a pixel away from the first place costs, beside a pixel of a line that is covered.
const FAR: f64 = 0.15;

/// Returns the place that is crossed least by lines, and by other labels hardly ever: a label on a line can
/// be read, one on another cannot. The nearer to the first the better; of equals the first.
pub(super) fn best(places: &[Box], lines: &[Vec<(f64, f64)>], taken: &[Box]) -> Option<Box> {
    let cost = |place: &Box| {
        let others: f64 = taken.iter().map(|other| place.shared(other)).sum();
        let stretches = lines.iter().flat_map(|line| line.windows(2));
        let crossed: f64 = stretches.map(|ends| place.crossed(ends[0], ends[1])).sum();
        let far =
            places.first().map_or(0.0, |first| libm::hypot(place.left - first.left, place.top - first.top));
        100.0 * others + crossed + FAR * far
    };
    let cheaper = |best: (f64, Box), next: (f64, Box)| if next.0 < best.0 - 1e-9 { next } else { best };
    places.iter().map(|place| (cost(place), *place)).reduce(cheaper).map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(left: f64, top: f64) -> Box {
        Box { left, top, right: left + 10.0, bottom: top + 10.0 }
    }

    #[test]
    fn what_is_crossed_is_measured_inside_alone() {
        let table = [
            ((0.0, 5.0), (30.0, 5.0), 10.0),
            ((5.0, -5.0), (5.0, 5.0), 5.0),
            ((0.0, 0.0), (10.0, 10.0), 200_f64.sqrt()),
            ((20.0, 0.0), (20.0, 10.0), 0.0),
            ((2.0, 3.0), (5.0, 7.0), 5.0),
            ((4.0, 4.0), (4.0, 4.0), 0.0),
            ((-10.0, 0.0), (0.0, 30.0), 0.0),
            ((0.0, 15.0), (30.0, 15.0), 0.0),
        ];
        for (from, to, expected) in table {
            let found = at(0.0, 0.0).crossed(from, to);
            assert!((found - expected).abs() < 1e-9, "{from:?} to {to:?}: {found}, not {expected}");
            assert!((at(0.0, 0.0).crossed(to, from) - expected).abs() < 1e-9, "backwards");
        }
    }

    #[test]
    fn the_place_crossed_least_is_taken_and_of_equals_the_first() {
        let places = [at(0.0, 0.0), at(20.0, 0.0), at(40.0, 0.0)];
        let line = |x: f64| vec![(x, -50.0), (x, 50.0)];
        let flat = vec![(0.0, 5.0), (22.0, 5.0)];
        type Lines<'a> = &'a [Vec<(f64, f64)>];
        let table: [(Lines<'_>, &[Box], usize); 7] = [
            (&[], &[], 0),
            (&[line(5.0)], &[], 1),
            (&[line(5.0), line(25.0)], &[], 2),
            (&[line(5.0), line(25.0), line(45.0)], &[], 0),
            // 2 pixels of a flat line rather than 10; a line rather than a label.
            (&[flat], &[at(40.0, 0.0)], 1),
            (&[line(25.0), line(45.0)], &[at(5.0, 5.0)], 1),
            // 4 pixels of a short line rather than a place 40 pixels away.
            (&[vec![(3.0, 5.0), (7.0, 5.0)]], &[at(20.0, 0.0)], 0),
        ];
        for (lines, taken, expected) in table {
            assert_eq!(best(&places, lines, taken), Some(places[expected]), "{lines:?} {taken:?}");
        }
        assert_eq!(best(&[], &[], &[]), None);
    }
}
