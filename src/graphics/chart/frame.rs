//! The box in which values stand, and how they come to places in it.

/// The size of all text.
pub(super) const FONT: f64 = 12.0;

/// Where values stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Days.
    pub(super) count: usize,
    /// The value at the upper edge.
    pub(super) highest: f64,
}

impl Frame {
    /// The width of a day.
    pub(super) fn slot(&self) -> f64 {
        (self.right - self.left) / self.count as f64
    }

    /// The x of a day's beginning (`.0`) or middle (`.5`).
    pub(super) fn x(&self, day: f64) -> f64 {
        self.left + day * self.slot()
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        self.bottom - value / self.highest * (self.bottom - self.top)
    }
}

/// To whole and half pixels.
pub(super) fn half(length: f64) -> f64 {
    (length * 2.0).round() / 2.0
}

/// To the middle of a pixel.
pub(super) fn middle(length: f64) -> f64 {
    length.floor() + 0.5
}
