//! The best of d servers chosen at random, for many servers: the limit, what is left of it for n
//! of them, and how fast it is reached.

/// The fixed point of the mean field, and the corrections of order 1/n.
#[derive(Clone, Copy, Debug)]
pub struct Supermarket {
    /// Mean sojourn as n grows without end.
    pub limit: f64,
    /// n times what the mean sojourn of n servers lies above the limit, up to 1/n.
    pub bias: f64,
    /// n times the asymptotic relative variance of the mean number per unit of time.
    pub spread: f64,
    /// After so many units of time from empty the mean number is within 1e-6 of the limit.
    pub warmup: f64,
}

fn power(x: f64, d: u32) -> f64 {
    (0..d).fold(1.0, |product, _| product * x)
}

impl Supermarket {
    /// Solves the model of `d` choices with replacement at load `rate`.
    ///
    /// The share of servers with at least i customers, x(i), rises by 1/n at rate
    /// n rate (x(i-1)^d - x(i)^d) and falls by 1/n at rate n (x(i) - x(i+1)): a density-dependent
    /// chain, whose mean is the fixed point plus V/n (Gast & Van Houdt, A Refined Mean Field
    /// Approximation, POMACS 1, 2017, theorem 1): with A the drift's derivative, W the solution of
    /// A W + W A' + Q = 0 and B its second derivative, A V = -(B.W)/2. The same W gives the
    /// spread, by the linear noise approximation: 2 1'(-A)^-1 W 1.
    pub fn new(d: u32, rate: f64) -> Self {
        let mut x = vec![1.0];
        while x[x.len() - 1] > 1e-14 {
            x.push(rate * power(x[x.len() - 1], d));
        }
        x.push(0.0);
        let m = x.len() - 2;
        let degree = f64::from(d);
        let slope = |i: usize| rate * degree * power(x[i], d - 1);
        let bend = |i: usize| rate * degree * (degree - 1.0) * power(x[i], d - 2);
        // Row and column k stand for x(k + 1).
        let mut a = vec![vec![0.0; m]; m];
        for k in 0..m {
            a[k][k] = -slope(k + 1) - 1.0;
            if k > 0 {
                a[k][k - 1] = slope(k);
            }
            if k + 1 < m {
                a[k][k + 1] = 1.0;
            }
        }
        let mut system = vec![vec![0.0; m * m]; m * m];
        let mut right = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..m {
                for k in 0..m {
                    system[i * m + j][k * m + j] += a[i][k];
                    system[i * m + j][i * m + k] += a[j][k];
                }
            }
            right[i * m + i] = -2.0 * (x[i + 1] - x[i + 2]);
        }
        let w = solve(system, right);
        let curved = |k: usize| {
            let before = if k > 0 { bend(k) * w[(k - 1) * m + k - 1] } else { 0.0 };
            -(before - bend(k + 1) * w[k * m + k]) / 2.0
        };
        let v = solve(a.clone(), (0..m).map(curved).collect());
        let number: f64 = x[1..].iter().sum();
        let ones = (0..m).map(|i| -(0..m).map(|j| w[i * m + j]).sum::<f64>()).collect();
        let lasting: f64 = solve(a, ones).iter().sum();
        Self {
            limit: number / rate,
            bias: v.iter().sum::<f64>() / rate,
            spread: 2.0 * lasting / (number * number),
            warmup: warmup(d, rate, m, number),
        }
    }
}

/// Integrates the mean field from empty until it is within 1e-6 of its fixed point.
fn warmup(d: u32, rate: f64, m: usize, number: f64) -> f64 {
    let (step, mut x, mut time) = (0.01, vec![0.0; m + 2], 0.0);
    x[0] = 1.0;
    while (x[1..].iter().sum::<f64>() / number - 1.0).abs() > 1e-6 {
        let before = x.clone();
        for i in 1..=m {
            let up = rate * (power(before[i - 1], d) - power(before[i], d));
            x[i] += step * (up - (before[i] - before[i + 1]));
        }
        time += step;
    }
    time
}

/// Solves a linear system by elimination with partial pivoting.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()));
        a.swap(column, pivot.expect("a row"));
        b.swap(column, pivot.expect("a row"));
        let (head, tail) = a.split_at_mut(column + 1);
        let top = &head[column];
        for (row, value) in tail.iter_mut().zip(column + 1..) {
            let factor = row[column] / top[column];
            if factor != 0.0 {
                for (cell, above) in row.iter_mut().zip(top).skip(column) {
                    *cell -= factor * above;
                }
                b[value] -= factor * b[column];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}
