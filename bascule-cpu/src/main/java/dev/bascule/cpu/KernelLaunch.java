package dev.bascule.cpu;

/** A bound kernel and the threads it may use. */
final class KernelLaunch implements CpuLaunch {
  /** Handing work to another thread pays from about this many elements on. */
  private static final long CHUNK_ELEMENTS_MIN = 1 << 12;

  private final String name;
  private final KernelCode.BoundCode code;
  private final WorkerPool pool;
  private final WorkerPool.Work work;
  private final long chunkMin;

  KernelLaunch(String name, KernelCode.BoundCode code, WorkerPool pool) {
    this.name = name;
    this.code = code;
    this.pool = pool;
    this.work = code::run;
    this.chunkMin = Math.ceilDiv(CHUNK_ELEMENTS_MIN, Math.max(1, code.unitElements()));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean run() {
    long units = code.units();
    if (units > 0) {
      pool.run(work, units, chunkMin);
    }
    return code.takeFault();
  }

  @Override
  public void close() {
    code.close();
  }
}
