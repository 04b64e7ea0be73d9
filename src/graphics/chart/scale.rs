//! The axis of values: from zero to the highest, with ticks at round numbers.

/// How many steps an axis would have at best.
const STEPS: f64 = 4.0;
/// More ticks above zero no axis has.
const MOST: u32 = 6;
/// Below this is nothing that could be counted, and too little to be divided into steps.
const NOTHING: f64 = 1e-9;

/// Ticks from zero on, in steps of 1, 2, 2.5 or 5 times a power of ten, three to six of them; and the value at the top,
/// which is at least the highest tick. Where all is zero, or as good as, the axis goes to one.
pub(super) fn ticks(highest: f64) -> (Vec<f64>, f64) {
    if highest < NOTHING {
        return (vec![0.0, 1.0], 1.0);
    }
    let step = step(highest);
    // A tick a little above the highest value closes the picture.
    let above = (1..=MOST).map(|number| f64::from(number) * step).take_while(|tick| *tick <= highest * 1.04);
    let ticks: Vec<f64> = std::iter::once(0.0).chain(above).collect();
    let top = ticks.iter().copied().fold(highest, f64::max);
    (ticks, top)
}

/// The round step that comes nearest to the number of steps wanted.
fn step(highest: f64) -> f64 {
    let mut power = 1.0;
    // Divided and multiplied instead of a logarithm, which not every machine rounds alike.
    while power * 10.0 <= highest {
        power *= 10.0;
    }
    while power > highest {
        power /= 10.0;
    }
    let off = |step: &f64| (highest / step - STEPS).abs();
    let steps = [0.2, 0.25, 0.5, 1.0, 2.0, 2.5].map(|step| step * power);
    steps.into_iter().min_by(|one, other| off(one).total_cmp(&off(other))).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(17_500.0).0, [0.0, 5_000.0, 10_000.0, 15_000.0]);
        assert_eq!(ticks(9.7).0, [0.0, 2.5, 5.0, 7.5, 10.0]);
        assert_eq!(ticks(10.0).0, [0.0, 2.5, 5.0, 7.5, 10.0]);
        assert_eq!(ticks(1e12).0.last(), Some(&1e12));
        assert_eq!(ticks(0.0), (vec![0.0, 1.0], 1.0));
        assert_eq!(ticks(f64::from_bits(1)), (vec![0.0, 1.0], 1.0));
    }

    proptest! {
        #[test]
        fn there_are_few_and_none_far_above_the_values(highest in 1e-3f64..1e18) {
            let (ticks, top) = ticks(highest);
            prop_assert!((3..=6).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(top >= highest && top <= highest * 1.04);
        }
    }
}
