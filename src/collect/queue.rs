//! The servers that are still to be asked. Whoever failed for a reason that may pass waits here for the next try, and
//! nobody waits for him.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Things to do, each not before its time, for several workers.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    waiting: Vec<(Instant, T)>,
    /// Those that a worker has in hand; each may come back.
    in_hand: usize,
}

impl<T> Queue<T> {
    /// All that is to be done, in this order, at once.
    pub fn new(things: impl IntoIterator<Item = T>) -> Self {
        let now = Instant::now();
        let waiting = things.into_iter().map(|thing| (now, thing)).collect();
        Self { state: Mutex::new(State { waiting, in_hand: 0 }), changed: Condvar::new() }
    }

    /// The next thing whose time has come; waits for it. `None` when all is done.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let next = state.waiting.iter().enumerate().min_by_key(|(_, (time, _))| *time);
            let Some((number, time)) = next.map(|(number, (time, _))| (number, *time)) else {
                if state.in_hand == 0 {
                    return None;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = time.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.in_hand += 1;
                return Some(state.waiting.remove(number).1);
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What was taken is done.
    pub fn done(&self) {
        self.lock().in_hand -= 1;
        self.changed.notify_all();
    }

    /// What was taken is to be done again, not before `time`.
    pub fn again(&self, thing: T, time: Instant) {
        let mut state = self.lock();
        state.in_hand -= 1;
        state.waiting.push((time, thing));
        self.changed.notify_all();
    }

    /// Nothing more is to be done.
    pub fn clear(&self) {
        self.lock().waiting.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_to_be_done_later_lets_the_others_go_first() {
        let queue = Queue::new(["a", "b", "c"]);
        assert_eq!(queue.take(), Some("a"));
        queue.again("a", Instant::now() + Duration::from_millis(50));
        assert_eq!((queue.take(), queue.take()), (Some("b"), Some("c")));
        queue.done();
        queue.done();
        assert_eq!(queue.take(), Some("a"), "it is waited for");
        queue.done();
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_worker_without_work_waits_for_what_may_come_back() {
        let queue = Queue::new([1]);
        std::thread::scope(|scope| {
            assert_eq!(queue.take(), Some(1));
            let other = scope.spawn(|| queue.take());
            queue.again(1, Instant::now());
            assert_eq!(other.join().ok().flatten(), Some(1));
        });
        queue.done();
        assert_eq!(queue.take(), None);
    }
}
