package dev.bascule.cpu.emit;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Term;
import dev.bascule.cpu.KernelCode;
import dev.bascule.cpu.asm.ExecutableMemory;
import dev.bascule.cpu.asm.IsaLevel;
import dev.bascule.cpu.asm.MachineCode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * What the emitter's kernels reach beside the same kernels written by hand, and beside the memory
 * stream of the same minutes: {@code java ... EmitterBench [rounds]}. Rounds alternate between the
 * two; a machine that others use too is noisy, so look at the best and the median.
 */
public final class EmitterBench {
  private static final long[][] SIZES = {{512, 384}, {6144, 512}, {32_768, 1024}};
  private static final int SAMPLE_MICROS = 500;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private EmitterBench() {}

  /** Nanoseconds per call of both sides, in rounds. */
  private record Duel(double[] emitted, double[] hand) {
    static double best(double[] samples) {
      return Arrays.stream(samples).min().orElseThrow();
    }

    static double median(double[] samples) {
      double[] sorted = samples.clone();
      Arrays.sort(sorted);
      return sorted[sorted.length / 2];
    }
  }

  public static void main(String[] arguments) {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 60;
    try (Arena arena = Arena.ofShared();
        ExecutableMemory memory = new ExecutableMemory(ExecutableMemory.Policy.ALLOWED)) {
      List<MemorySegment> buffers = new ArrayList<>();
      Random random = new Random(1);
      for (int i = 0; i < 5; i++) {
        MemorySegment buffer = arena.allocate((4L << 25) + 4096, 4096);
        for (long e = 0; e < 1L << 25; e++) {
          buffer.setAtIndex(ValueLayout.JAVA_FLOAT, e, (float) random.nextGaussian());
        }
        buffers.add(buffer);
      }
      for (long[] size : SIZES) {
        stream(size[0] * size[1], buffers, rounds);
        for (Kernel kernel : KernelShelf.all(Dim.of(size[0]), Dim.of(size[1]))) {
          int columns = (int) size[1];
          byte[] hand = hand(kernel, (int) size[0], columns);
          compare(kernel, hand, (int) size[0], columns, buffers, memory, arena, rounds);
          if (kernel.name().equals("rmsNorm")) {
            System.out.print("  beside one in free order: ");
            hand = HandKernels.rmsNormInFreeOrder(columns);
            compare(kernel, hand, (int) size[0], columns, buffers, memory, arena, rounds);
          }
        }
      }
    }
  }

  /** Processor time of this thread, so that waiting for a core does not count. */
  private static double time(Runnable work) {
    long start = THREADS.getCurrentThreadCpuTime();
    long calls = 0;
    do {
      work.run();
      calls++;
    } while (THREADS.getCurrentThreadCpuTime() - start < SAMPLE_MICROS * 1000L);
    return (THREADS.getCurrentThreadCpuTime() - start) / (double) calls;
  }

  private static double wallTime(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return System.nanoTime() - start;
  }

  private static KernelCode compile(Kernel kernel) {
    return switch (Emitter.compile(kernel, IsaLevel.AVX512, 2)) {
      case Emitter.Result.Emitted emitted -> emitted.code();
      case Emitter.Result.Declined declined -> throw new IllegalStateException(declined.reason());
    };
  }

  /** A copy and a triad of as many elements, on one thread and on two. */
  private static void stream(long elements, List<MemorySegment> buffers, int rounds) {
    List<Dim> one = List.of(Dim.ONE);
    for (boolean triad : List.of(false, true)) {
      KernelBuilder b = new KernelBuilder(triad ? "triad" : "copy", List.of(Dim.of(elements)), 0);
      int x = b.input("x", DType.F32);
      int z = triad ? b.input("z", DType.F32) : -1;
      int y = b.output("y", DType.F32);
      Term value = b.load(new Access(x, Dim.ZERO, one));
      if (triad) {
        value = b.add(value, b.mul(b.constant(3f), b.load(new Access(z, Dim.ZERO, one))));
      }
      b.store(new Access(y, Dim.ZERO, one), value);
      Kernel kernel = b.build();
      try (KernelCode code = compile(kernel);
          KernelCode.BoundCode bound =
              code.bind(buffers.subList(0, kernel.parameters().size()), Bindings.NONE)) {
        double[] single = new double[rounds];
        double[] both = new double[rounds];
        for (int round = 0; round < rounds; round++) {
          single[round] = time(() -> bound.run(0, 0, bound.units()));
          both[round] = wallTime(() -> halves(bound));
        }
        double bytes = 4.0 * elements * kernel.parameters().size();
        System.out.printf(
            Locale.ROOT,
            "%-10s %9d elements: 1 thread %6.1f GB/s (median %6.1f), 2 threads %6.1f GB/s%n",
            kernel.name(),
            elements,
            bytes / Duel.best(single),
            bytes / Duel.median(single),
            bytes / Duel.best(both));
      }
    }
  }

  private static void halves(KernelCode.BoundCode bound) {
    long middle = bound.units() / 2;
    Thread other = Thread.ofPlatform().start(() -> bound.run(1, middle, bound.units()));
    bound.run(0, 0, middle);
    try {
      other.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static byte[] hand(Kernel kernel, int rows, int columns) {
    return switch (kernel.name()) {
      case "softmax" -> HandKernels.softmax(columns);
      case "rmsNorm" -> HandKernels.rmsNorm(columns);
      case "layerNorm" -> HandKernels.layerNorm(columns);
      case "gelu" -> HandKernels.gelu(columns);
      case "residual" -> HandKernels.residual(columns);
      default -> HandKernels.columnSum(rows, columns);
    };
  }

  private static void compare(
      Kernel kernel,
      byte[] hand,
      int rows,
      int columns,
      List<MemorySegment> buffers,
      ExecutableMemory memory,
      Arena arena,
      int rounds) {
    boolean sum = kernel.name().equals("columnSum");
    if (sum && columns % 256 != 0) {
      return;
    }
    MemorySegment entry = memory.install(hand);
    int parameters = kernel.parameters().size();
    MemorySegment scratch = arena.allocate(64 << 10, 64);
    MemorySegment addresses = arena.allocate(8L * (parameters + 1), 8);
    for (int p = 0; p < parameters; p++) {
      addresses.setAtIndex(ValueLayout.JAVA_LONG, p, buffers.get(p).address());
    }
    addresses.setAtIndex(ValueLayout.JAVA_LONG, parameters, scratch.address());
    long units = sum ? columns / 256 : rows;
    try (KernelCode code = compile(kernel);
        KernelCode.BoundCode bound = code.bind(buffers.subList(0, parameters), Bindings.NONE)) {
      long results = sum ? columns : (long) rows * columns;
      MemorySegment result = buffers.get(parameters - 1).asSlice(0, results * 4);
      bound.run(0, 0, bound.units());
      byte[] emittedBits = result.toArray(ValueLayout.JAVA_BYTE);
      result.fill((byte) 0);
      MachineCode.run(entry, addresses.address(), 0, units);
      String bits =
          Arrays.equals(emittedBits, result.toArray(ValueLayout.JAVA_BYTE))
              ? "equal bits"
              : "bits differ";
      Duel duel = new Duel(new double[rounds], new double[rounds]);
      for (int round = 0; round < rounds; round++) {
        duel.emitted()[round] = time(() -> bound.run(0, 0, bound.units()));
        duel.hand()[round] = time(() -> MachineCode.run(entry, addresses.address(), 0, units));
      }
      double bytes = bytes(kernel);
      System.out.printf(
          Locale.ROOT,
          "%-10s %6d x %-5d emitted %9.1f us (%5.1f GB/s), by hand %9.1f us; ratio of bests %.3f, of medians %.3f; %s%n",
          kernel.name(),
          rows,
          columns,
          Duel.best(duel.emitted()) / 1e3,
          bytes / Duel.best(duel.emitted()),
          Duel.best(duel.hand()) / 1e3,
          Duel.best(duel.emitted()) / Duel.best(duel.hand()),
          Duel.median(duel.emitted()) / Duel.median(duel.hand()),
          bits);
    }
  }

  /** Bytes that must move: each operand once. */
  private static double bytes(Kernel kernel) {
    double bytes = 0;
    for (Instruction instruction : kernel.body()) {
      Access access =
          instruction instanceof Instruction.Load load
              ? load.access()
              : instruction instanceof Instruction.Store store ? store.access() : null;
      if (access != null) {
        double elements = 1;
        for (int axis = 0; axis < kernel.domain().size(); axis++) {
          elements *= access.isUniform(axis) ? 1 : kernel.domain().get(axis).constant();
        }
        bytes += 4 * elements;
      }
    }
    return bytes;
  }
}
