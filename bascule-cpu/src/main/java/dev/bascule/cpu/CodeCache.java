package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Code of the kernels inside library kernels (what attention does between its products, epilogues):
 * the layers of a model repeat the same few, and emitting them again for each layer was a quarter
 * of the time in which a small model starts. Code is freed with its last user.
 */
final class CodeCache {
  private record Key(Kernel kernel, int workers) {}

  private static final class Shared {
    private final KernelCode code;
    private int users;

    Shared(KernelCode code) {
      this.code = code;
    }
  }

  private final Map<Key, Shared> compiled = new HashMap<>();

  /**
   * The code of a kernel that differs from {@code kernel} in names at most; the caller closes it.
   */
  synchronized KernelCode get(Kernel kernel, int workers, Supplier<KernelCode> compile) {
    Key key = new Key(KernelCache.withoutNames(kernel), workers);
    Shared shared = compiled.computeIfAbsent(key, absent -> new Shared(compile.get()));
    shared.users++;
    return new Held(shared.code, () -> release(key, shared));
  }

  private synchronized void release(Key key, Shared shared) {
    shared.users--;
    if (shared.users == 0 && compiled.remove(key, shared)) {
      shared.code.close();
    }
  }

  /** One user's hold on shared code. */
  private static final class Held implements KernelCode {
    private final KernelCode code;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    Held(KernelCode code, Runnable release) {
      this.code = code;
      this.release = release;
    }

    @Override
    public String describe() {
      return code.describe();
    }

    @Override
    public BoundCode bind(List<MemorySegment> operands, Bindings dims) {
      return code.bind(operands, dims);
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release.run();
      }
    }
  }
}
