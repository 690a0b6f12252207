package dev.bascule.cli;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/** A value that a thread of its own works out while others do something else. */
final class Ahead<T> {
  private final FutureTask<T> task;

  Ahead(String name, Callable<T> work) {
    this.task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().name(name).start(task);
  }

  /** Gives the value to {@code last}, unless there is none, which {@link #get} tells. */
  void whenThere(Consumer<T> last) {
    boolean isThere;
    try {
      task.get();
      isThere = true;
    } catch (ExecutionException e) {
      isThere = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      isThere = false;
    }
    if (isThere) {
      last.accept(task.resultNow());
    }
  }

  /** The value, waited for; what went wrong with it is thrown here. */
  T get() {
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException problem) {
        throw problem;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting", e);
    }
  }
}
