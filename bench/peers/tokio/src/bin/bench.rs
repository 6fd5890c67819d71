//! What tasks and timers cost in tokio. One JSON line for each measurement:
//! `{"name", "runtime", "ops", "seconds", "cpu_seconds"}`.
//!
//!     bench [--divide N] [NAME...]
//!
//! `../../../../edo_runtime.ts` does the same work under the same names, and
//! `../../../../README.md` says what each of them is. `--divide` makes every
//! count N times smaller.

use std::future::{poll_fn, Future};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{env, mem};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, Sleep};

const MILLION: usize = 1_000_000;

/// Operations before the measured ones, as many as in Edo's program.
const WARM_UP: usize = 200_000;

fn cpu_seconds() -> f64 {
    let mut u: libc::rusage = unsafe { mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut u) };
    let s = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    s(u.ru_utime) + s(u.ru_stime)
}

async fn spawn_join(ops: usize) {
    let mut sum = 0;
    for i in 0..ops {
        sum += tokio::spawn(async move { i }).await.unwrap();
    }
    assert_eq!(sum, ops * (ops - 1) / 2);
}

async fn spawn_all(ops: usize) {
    let handles: Vec<_> = (0..ops).map(|i| tokio::spawn(async move { i })).collect();
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    assert_eq!(sum, ops * (ops - 1) / 2);
}

async fn yields(ops: usize) {
    let tasks = (ops as f64).sqrt().round() as usize;
    let handles: Vec<_> = (0..tasks)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..tasks {
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

fn delay(i: usize) -> Duration {
    Duration::from_millis((i % 1000 + 1) as u64)
}

/// Sleeps of one task, each made and polled once: polling is what puts a sleep
/// into the wheel.
async fn insert(ops: usize) -> Vec<Pin<Box<Sleep>>> {
    poll_fn(|cx| {
        let armed = (0..ops).map(|i| {
            let mut sleep = Box::pin(sleep(delay(i)));
            assert!(sleep.as_mut().poll(cx).is_pending());
            sleep
        });
        Poll::Ready(armed.collect())
    })
    .await
}

/// They all have the same waker. Each millisecond's worth wakes the task once,
/// and it polls only the sleep that it is waiting for.
async fn sleeps_fired(ops: usize) {
    for sleep in insert(ops).await {
        sleep.await;
    }
}

async fn sleeps_cancelled(ops: usize) {
    drop(insert(ops).await);
}

async fn sleeping_tasks(ops: usize) {
    let handles: Vec<_> = (0..ops)
        .map(|i| tokio::spawn(async move { sleep(delay(i)).await }))
        .collect();
    for handle in handles {
        handle.await.unwrap();
    }
}

/// The root runs as a spawned task: on the multi-thread runtime this puts it on
/// the worker, where spawning is cheapest.
fn measure<F>(runtime: &Runtime, kind: &str, name: &str, ops: usize, f: fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let run = |ops| runtime.block_on(async { tokio::spawn(f(ops)).await.unwrap() });
    run(WARM_UP);
    let (cpu, start) = (cpu_seconds(), Instant::now());
    run(ops);
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "{{\"name\":\"{name}\",\"runtime\":\"{kind}\",\"ops\":{ops},\
         \"seconds\":{seconds:.6},\"cpu_seconds\":{cpu:.6}}}"
    );
}

fn main() {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let mut divide = 1;
    if let Some(at) = args.iter().position(|a| a == "--divide") {
        divide = args[at + 1].parse().unwrap();
        args.drain(at..at + 2);
    }
    let wanted = |name: &str| args.is_empty() || args.iter().any(|a| a == name);
    let ops = MILLION / divide;
    for kind in ["multi_thread", "current_thread"] {
        let runtime = match kind {
            "current_thread" => Builder::new_current_thread().enable_all().build(),
            _ => Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build(),
        }
        .unwrap();
        macro_rules! run {
            ($($f:ident)*) => {$(
                if wanted(stringify!($f)) {
                    measure(&runtime, kind, stringify!($f), ops, $f);
                }
            )*};
        }
        run!(spawn_join spawn_all yields sleeps_fired sleeps_cancelled sleeping_tasks);
    }
}
