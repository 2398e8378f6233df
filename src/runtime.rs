//! Which of tokio's runtimes things belong to: the workers of the server have one each, which ends with them, and the
//! program has one that outlives them all.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::rt;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

/// Runs a future as a part of another runtime: connections it opens, timers and tasks it starts belong there.
///
/// The workers of the server end one after the other, each with its runtime, and the pool of database connections
/// outlives them: a connection that a worker's runtime drove would die with it, under whoever uses it then.
pub struct InRuntime<F> {
    runtime: Handle,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> InRuntime<F> {
    /// Makes `future` a part of `runtime`.
    pub fn new(runtime: Handle, future: F) -> Self {
        Self { runtime, future: Some(Box::pin(future)) }
    }
}

impl<F: Future> Future for InRuntime<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { runtime, future } = self.get_mut();
        let _entered = runtime.enter();
        match future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// Starts tasks on a worker's thread that go on when the request is given up that started them.
#[derive(Clone, Debug)]
pub struct WorkerTasks {
    runtime: Handle,
    tasks: mpsc::UnboundedSender<Pin<Box<dyn Future<Output = ()>>>>,
}

impl WorkerTasks {
    /// On this thread, which must be a worker's; what the tasks start belongs to `runtime`.
    pub fn new(runtime: Handle) -> Self {
        let (tasks, mut given) = mpsc::unbounded_channel();
        rt::spawn(async move {
            while let Some(task) = given.recv().await {
                rt::spawn(task);
            }
        });
        Self { runtime, tasks }
    }

    /// Runs a future to its end even if nobody waits for it any more; gives none if the worker ends first.
    pub async fn run<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Option<T> {
        let (done, result) = oneshot::channel();
        let future = InRuntime::new(self.runtime.clone(), future);
        let task = Box::pin(async move {
            // Whoever waited may be gone.
            let _ = done.send(future.await);
        });
        self.tasks.send(task).ok()?;
        result.await.ok()
    }
}

impl<F> Drop for InRuntime<F> {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        self.future.take();
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn what_a_future_starts_outlives_the_runtime_that_ran_it() {
        let long = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let short = Builder::new_current_thread().enable_all().build().unwrap();
        let (telling, told) = oneshot::channel();
        let inside = InRuntime::new(long.handle().clone(), async {
            tokio::spawn(async {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                telling.send("done")
            });
        });
        short.block_on(inside);
        drop(short);
        assert_eq!(long.block_on(told).unwrap(), "done");
    }
}
