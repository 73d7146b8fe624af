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
    /// Returns the box of a line of text from `left` on, around a height.
    pub(super) fn around(left: f64, y: f64, width: f64, size: f64) -> Self {
        let half = size / 2.0 + 2.0;
        Self { left, top: y - half, right: left + width, bottom: y + half }
    }

    /// Returns the height of its middle.
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }

    /// Tells whether another box lies inside.
    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }

    /// Returns the point of this box nearest to a point.
    pub(super) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }

    /// Returns the area that two boxes share.
    pub(super) fn shared(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    /// Returns how much of the stretch between two points lies inside (Liang & Barsky 1984).
    fn crossed(&self, from: (f64, f64), to: (f64, f64)) -> f64 {
        // Most stretches of a long series are far away.
        if from.0.max(to.0) < self.left || from.0.min(to.0) > self.right {
            return 0.0;
        }
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

/// Returns where the label of a level from one point to another may stand, inside `room`: above it or below,
/// near or lines further, always over a part of it; or at its height, behind its end or before its beginning.
pub(super) fn beside_level(ends: [(f64, f64); 2], width: f64, size: f64, room: &Box) -> Vec<Box> {
    let [(from, y), (to, _)] = ends;
    let first = (from + 4.0).min(room.right - width).max(room.left);
    let (least, most) = (from - width + 8.0, (to - 8.0).max(first));
    let steps = (0..=8).map(|i| first + (most - first) * f64::from(i) / 8.0);
    let steps: Vec<f64> =
        steps.chain((1..=4).map(|i| first + (least - first) * f64::from(i) / 4.0)).collect();
    let heights = [-8.5, 9.5, -24.5, 25.5, 41.5, -40.5];
    let stacked = heights.iter().flat_map(|step| steps.iter().map(move |x| (*x, y + step)));
    let level = [(to + 6.0, y), (from - 6.0 - width, y)];
    let places: Vec<Box> = stacked
        .chain(level)
        .map(|(x, y)| Box::around(x, y, width, size))
        .filter(|at| room.holds(at))
        .collect();
    // One that is wider than the room has to stand somewhere.
    if places.is_empty() { vec![Box::around(room.left, y - 8.5, width, size)] } else { places }
}

/// Returns where the name of a point may stand, inside `room`: beside it, then above and below, then further away.
pub(super) fn beside_point((x, y): (f64, f64), width: f64, size: f64, room: &Box) -> Vec<Box> {
    let rows = [0.0, -14.0, 14.0, -28.0, 28.0, -44.0, 44.0, -60.0, 60.0];
    let sides = [x + 8.0, x - 8.0 - width, x - width / 2.0, x + 30.0, x - 30.0 - width];
    let places = rows.iter().flat_map(|row| sides.map(|left| Box::around(left, y + row, width, size)));
    places.filter(|at| room.holds(at)).collect()
}

/// Returns where the word of a mark at `x` may stand, inside `room`: right of it or left, in rows from the top
/// on, and not on others.
pub(super) fn beside_mark(x: f64, width: f64, size: f64, room: &Box, taken: &[Box]) -> Vec<Box> {
    let row = size + 2.0;
    let rows = ((room.bottom - room.top) / row) as usize;
    let free = |at: &Box| room.holds(at) && taken.iter().all(|other| at.shared(other) <= 0.0);
    let sides = [x + 3.0, x - 3.0 - width];
    let places = (0..rows).flat_map(|i| {
        let y = room.top + row / 2.0 + 1.0 + row * i as f64;
        sides.map(|left| Box::around(left, y, width, size - 2.0))
    });
    places.filter(free).collect()
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

    #[test]
    fn labels_of_a_level_stand_over_a_part_of_it_or_behind_its_ends() {
        let room = Box { left: 0.0, top: 0.0, right: 400.0, bottom: 200.0 };
        for (from, to, width) in
            [(0.0, 400.0, 100.0), (0.0, 8.0, 150.0), (390.0, 398.0, 150.0), (200.0, 202.0, 90.0)]
        {
            let places = beside_level([(from, 100.0), (to, 100.0)], width, 12.0, &room);
            assert!(!places.is_empty());
            for at in &places {
                assert!(room.holds(at), "{at:?}");
                let over = at.left <= to + 4.0 && at.right >= from;
                assert!(over || (at.middle() - 100.0).abs() < 1e-9, "{from} to {to}: {at:?} is elsewhere");
            }
        }
        let wide = beside_level([(0.0, 100.0), (400.0, 100.0)], 500.0, 12.0, &room);
        assert_eq!((wide.len(), wide[0].left), (1, 0.0));
    }

    #[test]
    fn words_of_marks_stand_at_their_line_and_never_on_others() {
        let room = Box { left: 0.0, top: 0.0, right: 100.0, bottom: 40.0 };
        let places = |x: f64, taken: &[Box]| -> Vec<(f64, f64)> {
            let places = beside_mark(x, 30.0, 11.0, &room, taken);
            places.iter().map(|at| (at.left, at.middle())).collect()
        };
        assert_eq!(places(10.0, &[]), [(13.0, 7.5), (13.0, 20.5), (13.0, 33.5)]);
        assert_eq!(places(90.0, &[]), [(57.0, 7.5), (57.0, 20.5), (57.0, 33.5)]);
        assert_eq!(places(50.0, &[]).len(), 6);
        let over = Box { left: 0.0, top: 0.0, right: 100.0, bottom: 26.0 };
        assert_eq!(places(10.0, &[over]), [(13.0, 33.5)]);
        assert_eq!(places(10.0, &[room]), []);
    }
}
