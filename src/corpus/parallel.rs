//! Work on many documents at once, on scoped threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::error::{Error, Result};

/// Runs `work`; a panic in it, a bug that one document in a million finds, is an error about that document.
pub(super) fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let said = cause.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Error::input(name, format!("a bug in this program ({said}); please report it")))
    })
}

/// Does `work`, which must not panic, on each item, on so many threads; the results are in the order of the
/// items.
pub(super) fn in_parallel<T: Send, R: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let next = Mutex::new(items.into_iter().enumerate());
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let item = next.lock().map_or(None, |mut next| next.next());
                let Some((i, item)) = item else { return done };
                done.push((i, work(item)));
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("work does not panic")).collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order_and_a_panic_is_an_error() {
        for threads in [0, 1, 2, 7] {
            let results = in_parallel(threads, (0..100).collect(), |i: usize| i * i);
            assert_eq!(results, (0..100).map(|i| i * i).collect::<Vec<_>>());
        }
        let silent = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| ()));
        let error = guarded("f.txt", || -> Result<()> { panic!("index {}", 3) }).unwrap_err().to_string();
        std::panic::set_hook(silent);
        assert_eq!(error, "f.txt: a bug in this program (index 3); please report it");
    }
}
