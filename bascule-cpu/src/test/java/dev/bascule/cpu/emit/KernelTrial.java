package dev.bascule.cpu.emit;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.core.kernel.Storage;
import dev.bascule.cpu.KernelCode;
import dev.bascule.cpu.asm.IsaLevel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Runs a kernel as machine code and as the interpreter reads it, on equal data, and compares. */
public final class KernelTrial {
  /** What a buffer's values are drawn from. */
  public interface Data {
    double draw(DType dtype, int parameter, Random random);
  }

  private KernelTrial() {}

  /** Moderate numbers with some of all that is special. */
  public static double any(DType dtype, Random random) {
    if (dtype == DType.BOOL) {
      return random.nextInt(2);
    }
    if (dtype.isInteger()) {
      return random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(41) - 20;
    }
    double[] special = {
      0.0,
      -0.0,
      Double.NaN,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      1,
      -1,
      0.5,
      -2.5,
      3.5,
      1e-40,
      -1e-42,
      3e38,
      -3e38,
      2147483648.0,
      -2147483649.0,
      9.3e18,
      -9.3e18,
      65519,
      1e-7
    };
    int kind = random.nextInt(24);
    if (kind < special.length && random.nextInt(3) == 0) {
      return special[kind];
    }
    return random.nextGaussian() * (random.nextInt(10) == 0 ? 1e6 : 3);
  }

  /** Finite numbers of size about one. */
  public static double tame(DType dtype, Random random) {
    if (dtype == DType.BOOL) {
      return random.nextInt(2);
    }
    return dtype.isInteger() ? random.nextInt(11) - 5 : random.nextGaussian() * 2;
  }

  /** The first difference, or nothing; a decline is told as such. */
  public static String compare(Kernel kernel, Bindings dims, IsaLevel isa, long seed, Data data) {
    Emitter.Result result = Emitter.compile(kernel, isa, 2);
    if (result instanceof Emitter.Result.Declined declined) {
      return "declined: " + declined.reason();
    }
    Random random = new Random(seed);
    try (KernelCode code = ((Emitter.Result.Emitted) result).code();
        GuardedMemory guarded = new GuardedMemory()) {
      List<MemorySegment> expected = new ArrayList<>();
      List<MemorySegment> actual = new ArrayList<>();
      for (int p = 0; p < kernel.parameters().size(); p++) {
        DType dtype = kernel.parameters().get(p).dtype();
        long elements = elements(kernel, p, dims);
        long slack = 64; // what a device's own kernels may read beyond, and never write
        MemorySegment a = guarded.allocate(elements * dtype.bits() / 8, 0);
        MemorySegment b = guarded.allocate(elements * dtype.bits() / 8, slack);
        for (long e = 0; e < elements; e++) {
          Storage.storeNumber(dtype, a, e, data.draw(dtype, p, random));
        }
        b.copyFrom(a);
        expected.add(a);
        actual.add(b);
      }
      boolean expectFault = false;
      try {
        KernelInterpreter.run(kernel, expected, dims);
      } catch (DataException e) {
        expectFault = true;
      }
      boolean fault;
      try (KernelCode.BoundCode bound = code.bind(actual, dims)) {
        runInParts(bound, random);
        fault = bound.takeFault();
      }
      if (fault != expectFault) {
        return "fault " + fault + ", expected " + expectFault;
      }
      return expectFault ? "" : difference(kernel, expected, actual, guarded);
    }
  }

  private static void runInParts(KernelCode.BoundCode bound, Random random) {
    long units = bound.units();
    for (long low = 0; low < units; ) {
      long high = random.nextInt(3) == 0 ? low + 1 : Math.min(units, low + 1 + random.nextInt(64));
      bound.run(random.nextInt(2), low, high);
      low = high;
    }
  }

  private static String difference(
      Kernel kernel,
      List<MemorySegment> expected,
      List<MemorySegment> actual,
      GuardedMemory guarded) {
    for (int p = 0; p < expected.size(); p++) {
      DType dtype = kernel.parameters().get(p).dtype();
      long elements = expected.get(p).byteSize() * 8 / dtype.bits();
      for (long e = 0; e < elements; e++) {
        long want = Storage.load(dtype, expected.get(p), e);
        long got = Storage.load(dtype, actual.get(p), e);
        double wanted = Storage.number(dtype, want);
        double given = Storage.number(dtype, got);
        boolean bothNan = dtype.isFloat() && Double.isNaN(wanted) && Double.isNaN(given);
        if (want != got && !bothNan) {
          return kernel.parameters().get(p).name()
              + "["
              + e
              + "]: expected "
              + wanted
              + " ("
              + Long.toHexString(want)
              + "), got "
              + given
              + " ("
              + Long.toHexString(got)
              + ")";
        }
      }
      if (!guarded.isIntactAround(actual.get(p))) {
        return kernel.parameters().get(p).name() + ": bytes around it were written";
      }
    }
    return "";
  }

  private static long elements(Kernel kernel, int parameter, Bindings dims) {
    long most = 0;
    for (Instruction instruction : kernel.body()) {
      switch (instruction) {
        case Instruction.Load load ->
            most = Math.max(most, reach(kernel, load.access(), parameter, dims));
        case Instruction.Store store ->
            most = Math.max(most, reach(kernel, store.access(), parameter, dims));
        case Instruction.LoadAt load -> {
          long reach = reach(kernel, load.access(), parameter, dims);
          if (reach > 0) {
            most =
                Math.max(
                    most,
                    reach
                        + Math.max(0, load.extent().evaluate(dims) - 1)
                            * load.stride().evaluate(dims));
          }
        }
        default -> {}
      }
    }
    return most;
  }

  private static long reach(Kernel kernel, Access access, int parameter, Bindings dims) {
    if (access.parameter() != parameter) {
      return 0;
    }
    long reach = access.offset().evaluate(dims) + 1;
    for (int axis = 0; axis < kernel.domain().size(); axis++) {
      Dim extent = kernel.domain().get(axis);
      reach +=
          Math.max(0, access.strides().get(axis).evaluate(dims))
              * Math.max(0, extent.evaluate(dims) - 1);
    }
    return Math.max(0, reach);
  }
}
