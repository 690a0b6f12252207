package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Prints how fast products are, as a share of what fma on registers reaches in the same run.
 *
 * <p>{@code java ... dev.bascule.cpu.gemm.GemmSpeed LEVEL THREADS [ROWS,ROWS...]
 * [DEPTHxCOLUMNS,...]}. One thread is timed by its processor time, so that a busy machine does
 * little harm; two threads by the clock. Best of many runs; packing within the call is counted.
 * Layouts: N row-major, T column-major, first A then B; P: B was packed before.
 */
final class GemmSpeed {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final double ROUND_FLOPS = 3e7;
  private static final List<String> LAYOUTS = List.of("NN P", "NN", "NT", "TN");

  private record Shape(int rows, int depth, int columns) {
    double flops() {
      return 2.0 * rows * depth * columns;
    }
  }

  private final Gemm gemm;
  private final int threads;
  private final double peak;

  private GemmSpeed(ExecutableMemory memory, IsaLevel level, int threads) {
    this.gemm = new Gemm(memory, level, ElementType.F32);
    this.threads = threads;
    FmaPeak probe = new FmaPeak(memory, level, ElementType.F32);
    double best = 0;
    for (int i = 0; i < 30; i++) {
      best = Math.max(best, probe.flopsPerSecond(10_000_000));
    }
    this.peak = best;
  }

  public static void main(String[] arguments) throws InterruptedException {
    IsaLevel level = IsaLevel.valueOf(arguments[0]);
    int threads = Integer.parseInt(arguments[1]);
    String rows = arguments.length > 2 ? arguments[2] : "16,128,512,1024,4096";
    String weights = arguments.length > 3 ? arguments[3] : "384x384,384x1152,384x1536,1536x384";
    try (ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED)) {
      GemmSpeed speed = new GemmSpeed(memory, level, threads);
      System.out.printf(
          "%s, %d threads; fma on registers %.1f GFLOP/s a thread%n",
          level, threads, speed.peak / 1e9);
      System.out.println("| rows | depth | columns | " + String.join(" | ", LAYOUTS) + " |");
      for (String weight : weights.split(",")) {
        for (String m : rows.split(",")) {
          String[] kn = weight.split("x");
          speed.line(
              new Shape(Integer.parseInt(m), Integer.parseInt(kn[0]), Integer.parseInt(kn[1])));
        }
      }
    }
  }

  private void line(Shape shape) throws InterruptedException {
    StringBuilder line = new StringBuilder();
    line.append("| %d | %d | %d |".formatted(shape.rows, shape.depth, shape.columns));
    for (String layout : LAYOUTS) {
      double flopsPerSecond = measure(shape, layout);
      double share = 100 * flopsPerSecond / peak / threads;
      line.append(" %.1f (%.0f %%) |".formatted(flopsPerSecond / 1e9, share));
    }
    System.out.println(line);
  }

  private double measure(Shape shape, String layout) throws InterruptedException {
    try (Arena arena = Arena.ofShared()) {
      Matrix lhs = matrix(arena, layout.charAt(0), shape.rows, shape.depth);
      Matrix rhs = matrix(arena, layout.charAt(1), shape.depth, shape.columns);
      Matrix out = matrix(arena, 'N', shape.rows, shape.columns);
      MemorySegment[] workspaces = new MemorySegment[threads];
      for (int i = 0; i < threads; i++) {
        workspaces[i] = arena.allocate(gemm.workspaceBytes(shape.depth), 64);
      }
      PackedMatrix packed =
          layout.endsWith("P") ? gemm.pack(rhs, shape.depth, shape.columns) : null;
      RightOperand operand = packed == null ? rhs : packed;
      Product product = new Product(lhs, operand, out, shape.depth, Product.Start.ZERO);
      double nanos =
          threads == 1
              ? oneThread(shape, product, workspaces[0])
              : twoThreads(shape, product, workspaces);
      if (packed != null) {
        packed.close();
      }
      return 1e9 * shape.flops() / nanos;
    }
  }

  private static Matrix matrix(Arena arena, char layout, int rows, int columns) {
    MemorySegment segment = arena.allocate(4L * rows * columns, 64);
    Random random = new Random(rows);
    for (long i = 0; i < (long) rows * columns; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return layout == 'N'
        ? Matrix.rowMajor(segment.address(), columns)
        : Matrix.rowMajor(segment.address(), rows).transposed();
  }

  private static int calls(Shape shape) {
    return (int) Math.clamp(ROUND_FLOPS / shape.flops(), 1, 300);
  }

  private static int rounds(Shape shape) {
    return (int) Math.clamp(3e9 / (shape.flops() * calls(shape)), 7, 60);
  }

  private double oneThread(Shape shape, Product product, MemorySegment workspace) {
    Region all = Region.all(shape.rows, shape.columns);
    int calls = calls(shape);
    double best = Double.MAX_VALUE;
    for (int round = 0; round < rounds(shape); round++) {
      long start = THREADS.getCurrentThreadCpuTime();
      for (int i = 0; i < calls; i++) {
        gemm.multiply(product, all, workspace, FinishedTile.NONE);
      }
      best = Math.min(best, (THREADS.getCurrentThreadCpuTime() - start) / (double) calls);
    }
    return best;
  }

  /**
   * Halves of the rows where B is packed and there are enough; else halves of the columns, each of
   * which packs its own B.
   */
  private List<Region> halves(Shape shape, Product product) {
    long middle = (long) gemm.tileRows() * (shape.rows / 2 / gemm.tileRows());
    if (product.rhs() instanceof PackedMatrix && middle >= 4L * gemm.tileRows()) {
      return List.of(
          new Region(0, middle, 0, shape.columns),
          new Region(middle, shape.rows, 0, shape.columns));
    }
    long cut = (long) gemm.panelColumns() * (shape.columns / 2 / gemm.panelColumns());
    return List.of(
        new Region(0, shape.rows, 0, cut), new Region(0, shape.rows, cut, shape.columns));
  }

  private double twoThreads(Shape shape, Product product, MemorySegment[] workspaces)
      throws InterruptedException {
    List<Region> halves = halves(shape, product);
    int calls = calls(shape);
    double best = Double.MAX_VALUE;
    for (int round = 0; round < rounds(shape); round++) {
      AtomicInteger started = new AtomicInteger();
      AtomicInteger finished = new AtomicInteger(-1);
      Thread other =
          new Thread(() -> {
            finished.set(0);
            for (int i = 1; i <= calls; i++) {
              awaitValue(started, i);
              gemm.multiply(product, halves.get(1), workspaces[1], FinishedTile.NONE);
              finished.set(i);
            }
          });
      other.start();
      awaitValue(finished, 0);
      long start = System.nanoTime();
      for (int i = 1; i <= calls; i++) {
        started.set(i);
        gemm.multiply(product, halves.get(0), workspaces[0], FinishedTile.NONE);
        awaitValue(finished, i);
      }
      best = Math.min(best, (System.nanoTime() - start) / (double) calls);
      other.join();
    }
    return best;
  }

  private static void awaitValue(AtomicInteger counter, int value) {
    while (counter.get() < value) {
      Thread.onSpinWait();
    }
  }
}
