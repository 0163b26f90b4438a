//! Order that does not depend on ids.
//!
//! Stores read by id, and an id begins with the millisecond of creation. What follows is of no
//! meaning and differs from store to store, so what was created in one millisecond is put in order
//! by time and key.

use community_core::{Key, Timestamp};

/// Collects what was created in one millisecond.
#[derive(Debug)]
pub(super) struct ByMoment<T> {
    moment: [u8; 6],
    items: Vec<(Timestamp, Key, T)>,
}

impl<T> Default for ByMoment<T> {
    fn default() -> Self {
        Self { moment: [0; 6], items: Vec::new() }
    }
}

impl<T> ByMoment<T> {
    /// Takes the next item by id, and gives those of the millisecond before it, in order, when that
    /// is over.
    pub(super) fn push(&mut self, id: &[u8; 16], at: Timestamp, key: Key, item: T) -> Vec<T> {
        let mut moment = [0; 6];
        moment.iter_mut().zip(id).for_each(|(to, from)| *to = *from);
        let ready = if moment == self.moment { Vec::new() } else { self.take() };
        self.moment = moment;
        self.items.push((at, key, item));
        ready
    }

    /// Gives what is left, in order.
    pub(super) fn take(&mut self) -> Vec<T> {
        let mut items = std::mem::take(&mut self.items);
        items.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        items.into_iter().map(|(_, _, item)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_a_millisecond_time_and_key_decide_and_not_the_id() {
        let id = |millis: u8, rest: u8| {
            let mut id = [rest; 16];
            id[..6].copy_from_slice(&[0, 0, 0, 0, 0, millis]);
            id
        };
        let at = |micros| community_core::time::from_micros(micros).unwrap();
        let key = |text| Key::new(text).unwrap();
        let mut order = ByMoment::default();
        let mut out = order.push(&id(1, 1), at(1_001), key("b"), 2);
        out.extend(order.push(&id(1, 2), at(1_001), key("a"), 1));
        out.extend(order.push(&id(1, 3), at(1_000), key("c"), 0));
        assert!(out.is_empty());
        out.extend(order.push(&id(2, 0), at(2_000), key("a"), 3));
        assert_eq!(out, [0, 1, 2]);
        assert_eq!(order.take(), [3]);
        assert!(order.take().is_empty());
    }
}
