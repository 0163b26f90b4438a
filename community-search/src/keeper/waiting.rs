//! Waiting for a future on a thread that may be asked to end.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future to its end on this thread, which sleeps meanwhile. Drops it, and returns `None`,
/// when `gives_up` says so at one of its pauses; whoever changes that unparks the thread.
pub(super) fn block_on<T>(
    future: impl Future<Output = T>,
    gives_up: impl Fn() -> bool,
) -> Option<T> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        if gives_up() {
            return None;
        }
        thread::park();
    }
}
