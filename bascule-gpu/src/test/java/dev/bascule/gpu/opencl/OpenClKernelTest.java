package dev.bascule.gpu.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Symbol;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.KernelInterpreter;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.core.kernel.Storage;
import dev.bascule.core.kernel.Term;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rendered kernels give the interpreter's bits, under both schedules. */
class OpenClKernelTest {
  private static final List<Device> DEVICES = new ArrayList<>();

  @BeforeAll
  static void open() {
    for (String schedule : List.of("cpu", "gpu")) {
      Driver.Discovery found =
          new OpenClDriver().discover(DeviceOptions.DEFAULT.with(OpenClDriver.SCHEDULE, schedule));
      if (found.devices().isEmpty()) {
        abort(found.reason());
      }
      DEVICES.addAll(found.devices());
    }
  }

  @AfterAll
  static void close() {
    DEVICES.forEach(Device::close);
  }

  @ParameterizedTest
  @EnumSource(ScalarType.class)
  void everyPrimitiveGivesTheReferencesBits(ScalarType type) {
    KernelBuilder builder = new KernelBuilder("primitives of " + type, List.of(Dim.of(4000)), 0);
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      terms.add(builder.load(along(builder.input("x" + i, dtype(type)), 1)));
    }
    Term truth = builder.load(along(builder.input("truth", DType.BOOL), 1));
    for (Primitive op : Primitive.values()) {
      List<Term> operands = new ArrayList<>(terms.subList(0, op.arity()));
      if (op == Primitive.SELECT) {
        operands.set(0, truth);
      }
      if (takes(op, operands)) {
        Term result = builder.apply(op, operands.toArray(Term[]::new));
        builder.store(along(builder.output(op.toString(), dtype(result.type())), 1), result);
      }
    }
    compare(builder.build(), Bindings.NONE, 4000);
  }

  private static boolean takes(Primitive op, List<Term> operands) {
    try {
      op.result(operands.stream().map(Term::type).toList());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static DType dtype(ScalarType type) {
    return switch (type) {
      case F32 -> DType.F32;
      case F64 -> DType.F64;
      case I32 -> DType.I32;
      case I64 -> DType.I64;
      case BOOL -> DType.BOOL;
    };
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyElementIsReadAndWrittenAsTheReferenceDoes(DType dtype) {
    int count =
        70_000; // every pattern of the types of up to 16 bits, as the operands count upwards
    KernelBuilder copy = new KernelBuilder("copy", List.of(Dim.of(count)), 0);
    Term value = copy.load(along(copy.input("x", dtype), 1));
    copy.store(along(copy.output("y", dtype), 1), value);
    copy.store(along(copy.output("wide", dtype(dtype.scalar())), 1), value);
    compare(copy.build(), Bindings.NONE, count);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16", "F8E4M3", "F8E5M2", "I8", "U16", "I4", "U4"})
  void storesOfWiderValuesRoundOrWrap(DType dtype) {
    KernelBuilder narrow = new KernelBuilder("narrow", List.of(Dim.of(5001)), 0);
    Term value = narrow.load(along(narrow.input("x", dtype(dtype.scalar())), 1));
    narrow.store(along(narrow.output("y", dtype), 1), value);
    compare(narrow.build(), Bindings.NONE, 5001);
  }

  @Test
  void viewsBroadcastsAndMasksNeedNoCopy() {
    // y[i, j, k] = (j < 3 ? x[k, j] : 0) + b[j] - i*k, stored transposed into a wider tensor
    List<Dim> domain = List.of(Dim.of(5), Dim.of(7), Dim.of(33));
    KernelBuilder kernel = new KernelBuilder("views", domain, 0);
    int x = kernel.input("x", DType.F32);
    int b = kernel.input("b", DType.F16);
    int y = kernel.output("y", DType.F32);
    Term mask = kernel.lt(kernel.index(1), kernel.constant(3L));
    Term element = kernel.load(access(x, 4, 0, 1, 9), mask);
    Term bias = kernel.load(access(b, 0, 0, 1, 0));
    Term product = kernel.apply(Primitive.MUL, kernel.index(0), kernel.index(2));
    Term offset = kernel.apply(Primitive.I64_TO_F32, product);
    kernel.store(access(y, 1, 8 * 40, 1, 8), kernel.sub(kernel.add(element, bias), offset), mask);
    compare(kernel.build(), Bindings.NONE, 2000);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 77, 5000})
  void dimensionsAreArguments(long size) {
    Symbol symbol = new Symbol("n", 0, 10_000);
    Dim n = Dim.of(symbol);
    KernelBuilder kernel = new KernelBuilder("dims", List.of(Dim.of(3), n, Dim.of(1)), 0);
    int x = kernel.input("x", DType.F32);
    int y = kernel.output("y", DType.F32);
    Term extent = kernel.apply(Primitive.I64_TO_F32, kernel.extent(n.plus(1)));
    Term value = kernel.load(new Access(x, n.times(2), List.of(n.times(-1), Dim.ONE, Dim.ZERO)));
    kernel.store(new Access(y, Dim.ZERO, List.of(n, Dim.ONE, Dim.ZERO)), kernel.mul(value, extent));
    compare(kernel.build(), new Bindings(Map.of(symbol, size)), 3 * (int) size + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 32, 33, 64, 1000})
  void foldsKeepTheOrderOf32Lanes(int length) {
    Symbol symbol = new Symbol("length", 0, 5000);
    Dim n = Dim.of(symbol);
    for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64)) {
      KernelBuilder kernel = new KernelBuilder("folds", List.of(Dim.of(13), n), 1);
      int x = kernel.input("x", dtype);
      Term value = kernel.load(new Access(x, Dim.ZERO, List.of(n, Dim.ONE)));
      for (Reduction reduction :
          List.of(Reduction.SUM, Reduction.PRODUCT, Reduction.MAX, Reduction.MIN)) {
        int y = kernel.output(reduction.toString(), dtype);
        kernel.store(access(y, 0, 1, 0), kernel.reduce(reduction, value));
      }
      compare(kernel.build(), new Bindings(Map.of(symbol, (long) length)), 13 * length + 13);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40, 4100})
  void aSoftmaxInPlaceWalksItsRowThreeTimes(int length) {
    KernelBuilder kernel = new KernelBuilder("softmax", List.of(Dim.of(37), Dim.of(length)), 1);
    int x = kernel.input("x", DType.F32);
    int y = kernel.output("y", DType.F32);
    int sums = kernel.output("sums", DType.F64);
    Term value = kernel.load(access(x, 0, length, 1));
    Term shifted = kernel.sub(value, kernel.reduce(Reduction.MAX, value));
    Term grown = kernel.fma(shifted, shifted, kernel.constant(0.5f));
    Term sum = kernel.reduce(Reduction.SUM, grown);
    kernel.store(access(sums, 0, 1, 0), kernel.apply(Primitive.F32_TO_F64, sum));
    kernel.store(access(y, 0, length, 1), kernel.div(grown, sum));
    compare(kernel.build(), Bindings.NONE, 37 * length, true);
  }

  @Test
  void rowsOverAxesThatDoNotMergeAreWalkedRowMajor() {
    // batch-norm sums: over axes 0 and 2 of [5, 6, 21]
    KernelBuilder kernel =
        new KernelBuilder("channels", List.of(Dim.of(6), Dim.of(5), Dim.of(21)), 2);
    int x = kernel.input("x", DType.F32);
    int y = kernel.output("y", DType.F32);
    int z = kernel.output("z", DType.F32);
    Term value = kernel.load(access(x, 0, 21, 6 * 21, 1));
    Term sum = kernel.reduce(Reduction.SUM, value);
    kernel.store(access(y, 0, 1, 0, 0), sum);
    kernel.store(access(z, 0, 21, 6 * 21, 1), kernel.sub(value, sum));
    compare(kernel.build(), Bindings.NONE, 5 * 6 * 21);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 32, 70})
  void sequentialFoldsAccumulateInAscendingOrder(int columns) {
    Symbol symbol = new Symbol("columns", 0, 100);
    Dim n = Dim.of(symbol);
    for (DType dtype : List.of(DType.F32, DType.F64, DType.I32, DType.I64)) {
      // matmul [9, 50] x [50, columns] + bias
      KernelBuilder kernel = new KernelBuilder("dot", List.of(Dim.of(9), n, Dim.of(50)), 1);
      int a = kernel.input("a", dtype);
      int b = kernel.input("b", dtype);
      int bias = kernel.input("bias", dtype);
      int y = kernel.output("y", dtype);
      Term initial = kernel.load(access(bias, 0, 0, 1, 0));
      Term left = kernel.load(access(a, 0, 50, 0, 1));
      Term right = kernel.load(new Access(b, Dim.ZERO, List.of(Dim.ZERO, Dim.ONE, n)));
      kernel.store(
          new Access(y, Dim.ZERO, List.of(n, Dim.ONE, Dim.ZERO)),
          kernel.neg(kernel.dot(left, right, initial)));
      compare(kernel.build(), new Bindings(Map.of(symbol, (long) columns)), 9 * 50 + 50 * columns);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 75})
  void rowsThatLieSideBySideKeepTheirOwnOrder(int columns) {
    // a softmax over the middle axis of [3, 40, columns], its largest value subtracted
    KernelBuilder kernel =
        new KernelBuilder("columns", List.of(Dim.of(3), Dim.of(columns), Dim.of(40)), 1);
    int x = kernel.input("x", DType.F32);
    int scale = kernel.input("scale", DType.F32);
    int y = kernel.output("y", DType.F32);
    int sums = kernel.output("sums", DType.F32);
    Term value = kernel.load(access(x, 0, 40L * columns, 1, columns));
    Term factor = kernel.load(access(scale, 0, 0, 1, 0));
    Term shifted = kernel.sub(value, kernel.reduce(Reduction.MAX, value));
    Term sum = kernel.reduce(Reduction.SUM, kernel.mul(shifted, factor));
    Term dot = kernel.dot(value, shifted, sum);
    kernel.store(access(sums, 0, columns, 1, 0), kernel.mul(sum, dot));
    kernel.store(access(y, 0, 40L * columns, 1, columns), kernel.div(shifted, sum));
    compare(kernel.build(), Bindings.NONE, 3 * 40 * columns);
  }

  @Test
  void lanesAndSequentialFoldsMeetInOneRow() {
    KernelBuilder kernel = new KernelBuilder("mixed", List.of(Dim.of(11), Dim.of(45)), 1);
    int x = kernel.input("x", DType.F32);
    int y = kernel.output("y", DType.F32);
    Term value = kernel.load(access(x, 0, 45, 1));
    Term sum = kernel.reduce(Reduction.SUM, value);
    Term dot = kernel.dot(value, kernel.sub(value, sum), sum);
    kernel.store(access(y, 0, 45, 1), kernel.mul(value, dot));
    compare(kernel.build(), Bindings.NONE, 11 * 45);
  }

  @Test
  void aWholeTensorIsOneRow() {
    KernelBuilder kernel = new KernelBuilder("norm", List.of(Dim.of(4), Dim.of(501)), 2);
    int x = kernel.input("x", DType.BF16);
    int y = kernel.output("y", DType.F32);
    Term value = kernel.load(access(x, 0, 501, 1));
    kernel.store(
        access(y, 0, 0, 0),
        kernel.apply(Primitive.SQRT, kernel.reduce(Reduction.SUM, kernel.mul(value, value))));
    compare(kernel.build(), Bindings.NONE, 4 * 501);
  }

  @Test
  void aKernelWithoutAxesIsOnePoint() {
    KernelBuilder kernel = new KernelBuilder("scalar", List.of(), 0);
    int x = kernel.input("x", DType.F32);
    int y = kernel.output("y", DType.F32);
    kernel.store(access(y, 0), kernel.neg(kernel.load(access(x, 0))));
    compare(kernel.build(), Bindings.NONE, 1);
  }

  @Test
  void gatherReadsInsideAndRaisesOutside() {
    KernelBuilder kernel = new KernelBuilder("gather", List.of(Dim.of(3), Dim.of(4)), 0);
    int table = kernel.input("table", DType.F32);
    int rows = kernel.input("rows", DType.I64);
    int y = kernel.output("y", DType.F32);
    Term index = kernel.load(access(rows, 0, 1, 0));
    kernel.store(
        access(y, 0, 4, 1), kernel.loadAt(access(table, 0, 0, 1), index, Dim.of(4), Dim.of(10)));
    Kernel gather = kernel.build();
    for (Device device : DEVICES) {
      assertThat(gather(device, gather, 9, 0, 5))
          .containsExactly(36, 37, 38, 39, 0, 1, 2, 3, 20, 21, 22, 23);
      assertThatThrownBy(() -> gather(device, gather, 9, 10, 0))
          .isInstanceOf(DataException.class)
          .hasMessage("gather: an index lies outside its axis");
      assertThatThrownBy(() -> gather(device, gather, Long.MIN_VALUE, 1, 0))
          .isInstanceOf(DataException.class);
    }
  }

  @Test
  void streamsOfOneDeviceRunAtOnceAndWaitForEachOthersMarkers() throws InterruptedException {
    KernelBuilder builder = new KernelBuilder("increment", List.of(Dim.of(20_000)), 0);
    int x = builder.input("x", DType.I32);
    int y = builder.output("y", DType.I32);
    builder.store(along(y, 1), builder.add(builder.load(along(x, 1)), builder.constant(1)));
    Device device = DEVICES.getFirst();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    try (Launchable compiled = device.compile(builder.build())) {
      Runnable work =
          () -> {
            try (Stream first = device.stream();
                Stream second = device.stream();
                Buffer buffer = device.allocate(80_000)) {
              first.upload(MemorySegment.ofArray(new int[20_000]), Slice.of(buffer));
              List<Slice> operands = List.of(Slice.of(buffer), Slice.of(buffer));
              try (Launch a = compiled.bind(operands, Bindings.NONE);
                  Launch b = compiled.bind(operands, Bindings.NONE)) {
                for (int round = 0; round < 100; round++) {
                  first.launch(a);
                  handOver(first, second);
                  second.launch(b);
                  handOver(second, first);
                }
                int[] result = new int[20_000];
                first.download(Slice.of(buffer), MemorySegment.ofArray(result));
                assertThat(result).containsOnly(200);
              }
            }
          };
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Thread thread = new Thread(work);
        thread.setUncaughtExceptionHandler((_, failure) -> failures.add(failure));
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(failures).isEmpty();
  }

  private static void handOver(Stream from, Stream to) {
    try (Stream.Marker marker = from.record()) {
      to.await(marker);
    }
  }

  private static float[] gather(Device device, Kernel kernel, long... rows) {
    try (Arena arena = Arena.ofConfined();
        Stream stream = device.stream();
        Buffer table = device.allocate(160);
        Buffer indices = device.allocate(24);
        Buffer result = device.allocate(48);
        Launchable compiled = device.compile(kernel);
        Launch launch =
            compiled.bind(
                List.of(Slice.of(table), Slice.of(indices), Slice.of(result)), Bindings.NONE)) {
      float[] values = new float[40];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      stream.upload(MemorySegment.ofArray(values), Slice.of(table));
      stream.upload(MemorySegment.ofArray(rows), Slice.of(indices));
      stream.launch(launch);
      stream.synchronize();
      MemorySegment host = arena.allocate(48);
      stream.download(Slice.of(result), host);
      return host.toArray(java.lang.foreign.ValueLayout.JAVA_FLOAT);
    }
  }

  private static Access along(int parameter, long stride) {
    return access(parameter, 0, stride);
  }

  private static Access access(int parameter, long offset, long... strides) {
    List<Dim> dims = new ArrayList<>();
    for (long stride : strides) {
      dims.add(Dim.of(stride));
    }
    return new Access(parameter, Dim.of(offset), dims);
  }

  private static void compare(Kernel kernel, Bindings dims, int elements) {
    compare(kernel, dims, elements, false);
  }

  /**
   * Runs {@code kernel} here and there over {@code elements} per operand; {@code inPlace}: output 1
   * lies in operand 0.
   */
  private static void compare(Kernel kernel, Bindings dims, int elements, boolean inPlace) {
    for (Device device : DEVICES) {
      try (Arena arena = Arena.ofConfined();
          Stream stream = device.stream();
          Launchable compiled = device.compile(kernel)) {
        List<MemorySegment> host = new ArrayList<>();
        List<Buffer> buffers = new ArrayList<>();
        List<Slice> slices = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(kernel.name().hashCode());
        for (Kernel.Parameter parameter : kernel.parameters()) {
          boolean shared = inPlace && host.size() == 1;
          MemorySegment memory =
              shared ? host.getFirst() : operand(arena, random, parameter, elements, host.size());
          Buffer buffer = shared ? buffers.getFirst() : device.allocate(memory.byteSize() + 128);
          slices.add(new Slice(buffer, 128, memory.byteSize()));
          stream.upload(memory, slices.getLast());
          host.add(memory);
          buffers.add(buffer);
        }
        try (Launch launch = compiled.bind(slices, dims)) {
          stream.launch(launch);
          stream.synchronize();
        }
        KernelInterpreter.run(kernel, host, dims);
        for (int p = 0; p < host.size(); p++) {
          MemorySegment got = arena.allocate(host.get(p).byteSize());
          stream.download(slices.get(p), got);
          assertSame(kernel, p, got, host.get(p), device);
        }
        buffers.stream().distinct().forEach(Buffer::close);
      }
    }
  }

  private static MemorySegment operand(
      Arena arena,
      SplittableRandom random,
      Kernel.Parameter parameter,
      int elements,
      int position) {
    DType dtype = parameter.dtype();
    MemorySegment memory = arena.allocate(dtype.bytes(Math.max(elements, 1)), 64);
    for (int i = 0; i < elements && !parameter.output(); i++) {
      Storage.store(dtype, memory, i, interesting(dtype.scalar(), random, i, position));
    }
    if (dtype.bits() <= 16 && dtype != DType.BOOL && !parameter.output()) {
      for (int i = 0; i < memory.byteSize() / Math.max(1, dtype.bits() / 8); i++) {
        if (dtype.bits() == 16) {
          memory.setAtIndex(java.lang.foreign.ValueLayout.JAVA_SHORT, i, (short) i);
        } else {
          memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) i);
        }
      }
    }
    return memory;
  }

  private static final float[] FLOATS = {
    0f,
    -0f,
    1f,
    -1f,
    0.5f,
    1.5f,
    2.5f,
    -2.5f,
    3f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    0x1p31f,
    -0x1p31f,
    0x1p63f,
    -0x1p63f,
    0x1.fffffep30f,
    65504f,
    65519f,
    65520f,
    448f,
    464f,
    57344f,
    61440f,
    0x1p-24f,
    0x1p-25f,
    0x1.8p-25f,
    8388609f
  };
  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    2,
    7,
    31,
    32,
    63,
    64,
    Integer.MIN_VALUE,
    Integer.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE,
    -7,
    1L << 31
  };

  /** Pairs of edge values first, then random bits, then values of ordinary size. */
  private static long interesting(ScalarType type, SplittableRandom random, int i, int position) {
    int edges = type.isFloat() ? FLOATS.length : INTEGERS.length;
    int pick = position == 0 ? i % edges : position == 1 ? i / edges : (i * 7 + 3) % edges;
    boolean edge = i < edges * edges;
    boolean ordinary = (i & 1) == 0;
    float size = (float) (random.nextDouble() - 0.5) * 20;
    long bits = random.nextLong();
    return switch (type) {
      case F32 ->
          Scalars.of(edge ? FLOATS[pick] : ordinary ? size : Float.intBitsToFloat((int) bits));
      case F64 ->
          Scalars.of(
              edge ? (double) FLOATS[pick] : ordinary ? size : Double.longBitsToDouble(bits));
      case I32 -> (int) (edge ? INTEGERS[pick] : ordinary ? (long) size : bits);
      case I64 -> edge ? INTEGERS[pick] : ordinary ? (long) size : bits;
      case BOOL -> bits & 1;
    };
  }

  private static void assertSame(
      Kernel kernel, int p, MemorySegment got, MemorySegment expected, Device device) {
    DType dtype = kernel.parameters().get(p).dtype();
    for (long i = 0; i < got.byteSize() * 8 / dtype.bits(); i++) {
      long g = Storage.load(dtype, got, i);
      long e = Storage.load(dtype, expected, i);
      if (g != e && !(isNan(dtype, g) && isNan(dtype, e))) {
        throw new AssertionError(
            "%s, %s element %d on %s: got %s (%x), expected %s (%x)%n%s"
                .formatted(
                    kernel.name(),
                    kernel.parameters().get(p).name(),
                    i,
                    device.info().id(),
                    Storage.number(dtype, g),
                    g,
                    Storage.number(dtype, e),
                    e,
                    kernel));
      }
    }
  }

  private static boolean isNan(DType dtype, long bits) {
    return dtype.isFloat() && Double.isNaN(Storage.number(dtype, bits));
  }
}
