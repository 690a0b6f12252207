package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.kernel.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Compiled kernels, one for all that differ in names only (the layers of a model repeat the same
 * few). Code is freed with its last user.
 */
final class KernelCache implements AutoCloseable {
  private final CpuCode codes;
  private final WorkerPool pool;
  private final Map<Kernel, Shared> compiled = new HashMap<>();

  private static final class Shared {
    private final KernelCode code;
    private int users;

    Shared(KernelCode code) {
      this.code = code;
    }
  }

  KernelCache(CpuCode codes, WorkerPool pool) {
    this.codes = codes;
    this.pool = pool;
  }

  /** Kernels that have code. */
  synchronized int size() {
    return compiled.size();
  }

  synchronized Launchable compile(Kernel kernel) {
    Kernel anonymous = withoutNames(kernel);
    Shared shared =
        compiled.computeIfAbsent(anonymous, key -> new Shared(codes.compile(key, pool.threads())));
    shared.users++;
    return new Compiled(kernel, shared.code, () -> release(anonymous, shared));
  }

  private synchronized void release(Kernel anonymous, Shared shared) {
    shared.users--;
    if (shared.users == 0 && compiled.remove(anonymous, shared)) {
      shared.code.close();
    }
  }

  static Kernel withoutNames(Kernel kernel) {
    List<Kernel.Parameter> parameters =
        kernel.parameters().stream()
            .map(parameter -> new Kernel.Parameter("", parameter.dtype(), parameter.output()))
            .toList();
    return new Kernel("", kernel.domain(), kernel.rowRank(), parameters, kernel.body());
  }

  @Override
  public synchronized void close() {
    compiled.values().forEach(shared -> shared.code.close());
    compiled.clear();
  }

  /** One user's hold on shared code. */
  private final class Compiled implements Launchable {
    private final Kernel kernel;
    private final KernelCode code;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();

    Compiled(Kernel kernel, KernelCode code, Runnable release) {
      this.kernel = kernel;
      this.code = code;
      this.release = release;
    }

    @Override
    public String describe() {
      return code.describe();
    }

    @Override
    public Launch bind(List<Slice> operands, Bindings dims) {
      if (operands.size() != kernel.parameters().size()) {
        throw new DeviceException(
            "cpu: kernel \""
                + kernel.name()
                + "\" takes "
                + kernel.parameters().size()
                + " operands, got "
                + operands.size());
      }
      List<MemorySegment> segments = operands.stream().map(CpuBuffer::memory).toList();
      return new KernelLaunch(kernel.name(), code.bind(segments, dims), pool);
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release.run();
      }
    }
  }
}
