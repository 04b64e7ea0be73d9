//! Numbers that look random and are the same everywhere: SplitMix64 (Steele, Lea and Flood, "Fast splittable
//! pseudorandom number generators", 2014; the constants are those of Vigna's public domain `splitmix64.c`). No crate,
//! because another version of one could change the numbers; no `exp` or `ln`, because those differ by machine.

/// A stream of numbers of its own for each key.
pub(super) struct Random(u64);

impl Random {
    /// The stream of a key.
    pub(super) fn of<const N: usize>(key: [u64; N]) -> Self {
        Self(key.iter().fold(N as u64, |state, part| mixed(state.wrapping_add(GOLDEN) ^ mixed(*part))))
    }

    /// Any 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mixed(self.0)
    }

    /// From 0 to below 1.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From `low` to below `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Nearly normal around 0 with deviation 1: the sum of twelve uniform numbers.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// How many of many come when `mean` are expected: Poisson's distribution, beyond 12 its normal neighbour.
    pub(super) fn count(&mut self, mean: f64) -> u64 {
        if mean > 12.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let floor = exp_of_negative(mean);
        let mut product = self.uniform();
        let mut count = 0;
        while product > floor {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

/// A curve between −1 and 1 that wanders slowly: a number of its own at every whole `x`, and a smooth way between.
pub(super) fn wander<const N: usize>(key: [u64; N], x: f64) -> f64 {
    let knot = x.floor();
    let at = |knot: f64| {
        let mut random = Random::of(key);
        random.0 ^= mixed((knot as i64) as u64);
        random.between(-1.0, 1.0)
    };
    let (from, to) = (at(knot), at(knot + 1.0));
    from + (to - from) * ease(x - knot)
}

/// From 0 at 0 to 1 at 1, level at both ends and beyond them.
pub(super) fn ease(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// e^(−x) for 0 ≤ x ≤ 12 as (1 − x / 2^20)^(2^20), to four digits.
fn exp_of_negative(x: f64) -> f64 {
    (0..20).fold(1.0 - x / f64::from(1 << 20), |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_splitmix64() {
        // The first numbers of `splitmix64.c` from the state 1234567.
        let mut random = Random(1_234_567);
        assert_eq!(
            [random.bits(), random.bits(), random.bits()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn counts_have_the_mean_and_the_spread_of_poissons_distribution() {
        for mean in [0.3, 4.0, 11.0, 80.0] {
            let mut random = Random::of([7]);
            let counts: Vec<f64> = (0..20_000).map(|_| random.count(mean) as f64).collect();
            let average = counts.iter().sum::<f64>() / 20_000.0;
            let variance = counts.iter().map(|count| (count - average) * (count - average)).sum::<f64>() / 20_000.0;
            assert!((average / mean - 1.0).abs() < 0.03, "{mean}: {average}");
            assert!((variance / mean - 1.0).abs() < 0.05, "{mean}: {variance}");
        }
    }

    #[test]
    fn a_curve_is_bounded_and_has_no_jumps() {
        let curve: Vec<f64> = (-1000..1000).map(|step| wander([1, 2], f64::from(step) / 100.0)).collect();
        assert!(curve.iter().all(|value| (-1.0..=1.0).contains(value)));
        assert!(curve.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.04));
        assert!(curve.iter().any(|value| *value > 0.5) && curve.iter().any(|value| *value < -0.5));
    }
}
