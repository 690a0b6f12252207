package dev.bascule.gpu.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.Shape;
import dev.bascule.core.Symbol;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Driver;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Scalars;
import dev.bascule.core.kernel.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The matrix product's kernel gives the bits of one fma after the other. */
class OpenClMatmulTest {
  private static Device device;

  @BeforeAll
  static void open() {
    Driver.Discovery found =
        new OpenClDriver().discover(DeviceOptions.DEFAULT.with(OpenClDriver.SCHEDULE, "cpu"));
    if (found.devices().isEmpty()) {
      abort(found.reason());
    }
    device = found.devices().getFirst();
  }

  @AfterAll
  static void close() {
    if (device != null) {
      device.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "1, 300, 70",
    "3, 5, 31",
    "4, 64, 32",
    "8, 7, 33",
    "70, 50, 100",
    "131, 20, 64",
    "5, 0, 6",
    "0, 5, 6",
    "5, 6, 0"
  })
  void rowMajorOperandsOfAnySize(int m, int k, int n) {
    for (boolean constant : List.of(false, true)) {
      check(
          row(DType.F32, false, m, k),
          row(DType.F32, constant, k, n),
          Optional.empty(),
          row(DType.F32, false, m, n));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void transposedOperandsWithAnInitialValue(DType dtype) {
    View left = view(dtype, false, 7, new long[] {2, 9, 40}, 9 * 40, 1, 9);
    View initial = view(dtype, false, 0, new long[] {2, 9, 45}, 0, 0, 1);
    for (boolean constant : List.of(false, true)) {
      View right = view(dtype, constant, 3, new long[] {2, 40, 45}, 40 * 45, 1, 40);
      check(left, right, Optional.of(initial), row(dtype, false, 2, 9, 45));
    }
  }

  @Test
  void batchesThatShareTheRightMatrixAreMoreRows() {
    for (boolean constant : List.of(false, true)) {
      View right = view(DType.F32, constant, 0, new long[] {3, 5, 20, 33}, 0, 0, 33, 1);
      check(
          row(DType.F32, false, 3, 5, 1, 20),
          right,
          Optional.empty(),
          row(DType.F32, false, 3, 5, 1, 33));
      View apart = view(DType.F32, false, 0, new long[] {3, 5, 1, 20}, 20, 60, 20, 1);
      check(apart, right, Optional.empty(), row(DType.F32, false, 3, 5, 1, 33));
    }
  }

  @Test
  void dimensionsAreArguments() {
    Symbol rows = new Symbol("rows", 0, 100);
    Symbol columns = new Symbol("columns", 0, 100);
    View left = View.contiguous(DType.F32, Shape.of(Dim.of(2), Dim.of(rows), Dim.of(30)));
    View right = View.contiguous(DType.F32, Shape.of(Dim.of(2), Dim.of(30), Dim.of(columns)));
    View result = View.contiguous(DType.F32, Shape.of(Dim.of(2), Dim.of(rows), Dim.of(columns)));
    for (long size : new long[] {0, 1, 2, 3, 40}) {
      check(
          left,
          right,
          Optional.empty(),
          result,
          new Bindings(Map.of(rows, size, columns, 2 * size)));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void oneRowReadsTheRightOperandWhereItLies(DType dtype) {
    View left = row(dtype, false, 3, 1, 40);
    View initial = view(dtype, false, 1, new long[] {3, 1, 75}, 75, 0, 1);
    View transposed = view(dtype, false, 3, new long[] {3, 40, 75}, 40 * 75, 1, 40);
    check(left, transposed, Optional.of(initial), row(dtype, false, 3, 1, 75));
    check(left, row(dtype, false, 3, 40, 75), Optional.empty(), row(dtype, false, 3, 1, 75));
  }

  private static View row(DType dtype, boolean constant, long... extents) {
    View view = View.contiguous(dtype, Shape.of(extents));
    return new View(dtype, view.shape(), view.offset(), view.strides(), constant);
  }

  private static View view(
      DType dtype, boolean constant, long offset, long[] extents, long... strides) {
    List<Dim> dims = new ArrayList<>();
    for (long stride : strides) {
      dims.add(Dim.of(stride));
    }
    return new View(dtype, Shape.of(extents), Dim.of(offset), dims, constant);
  }

  private static void check(View left, View right, Optional<View> initial, View result) {
    check(left, right, initial, result, Bindings.NONE);
  }

  private static void check(
      View left, View right, Optional<View> initial, View result, Bindings dims) {
    List<View> operands = new ArrayList<>(List.of(left, right));
    initial.ifPresent(operands::add);
    LibraryCall call =
        new LibraryCall("product", new Matmul(), operands, List.of(result), Optional.empty());
    LibraryKernel kernel = device.library().getFirst();
    assertThat(kernel.accepts(call)).isTrue();
    try (Arena arena = Arena.ofConfined();
        Stream stream = device.stream();
        Launchable prepared = kernel.prepare(call)) {
      List<MemorySegment> host = new ArrayList<>();
      List<Slice> slices = new ArrayList<>();
      for (int i = 0; i < operands.size(); i++) {
        MemorySegment memory = random(arena, operands.get(i), dims);
        host.add(memory);
        Optional<Encoding> encoding = kernel.encodingFor(call, i);
        assertThat(encoding.isPresent()).isEqualTo(operands.get(i).constant());
        slices.add(upload(stream, encoding.map(e -> encode(arena, e, memory)).orElse(memory)));
      }
      MemorySegment got = arena.allocate(length(result, dims) * 4);
      slices.add(upload(stream, got));
      if (prepared.workspaceBytes(dims) > 0) {
        slices.add(Slice.of(device.allocate(prepared.workspaceBytes(dims))));
      }
      try (Launch launch = prepared.bind(slices, dims)) {
        stream.launch(launch);
        stream.synchronize();
      }
      stream.download(slices.get(operands.size()), got);
      compare(operands, host, result, got, dims);
      slices.forEach(slice -> slice.buffer().close());
    }
  }

  private static Slice upload(Stream stream, MemorySegment memory) {
    Buffer buffer = device.allocate(memory.byteSize());
    stream.upload(memory, Slice.of(buffer));
    return Slice.of(buffer);
  }

  private static MemorySegment encode(Arena arena, Encoding encoding, MemorySegment memory) {
    MemorySegment encoded = arena.allocate(encoding.bytes(), 64);
    encoding.encode(Encoding.Source.of(memory), encoded);
    return encoded;
  }

  private static long length(View view, Bindings dims) {
    long last = view.offset().evaluate(dims);
    for (int axis = 0; axis < view.shape().rank(); axis++) {
      last +=
          Math.max(0, view.shape().dim(axis).evaluate(dims) - 1)
              * view.strides().get(axis).evaluate(dims);
    }
    return last + 1;
  }

  private static MemorySegment random(Arena arena, View view, Bindings dims) {
    SplittableRandom random = new SplittableRandom(view.hashCode());
    MemorySegment memory = arena.allocate(view.dtype().bytes(length(view, dims)), 64);
    for (long i = 0; i < length(view, dims); i++) {
      Storage.storeNumber(view.dtype(), memory, i, (random.nextDouble() - 0.5) * 8);
    }
    return memory;
  }

  private static long element(View view, Bindings dims, long batch, long row, long column) {
    int rank = view.shape().rank();
    long element = view.offset().evaluate(dims);
    long rest = batch;
    for (int axis = rank - 3; axis >= 0; axis--) {
      long extent = view.shape().dim(axis).evaluate(dims);
      element += rest % extent * view.strides().get(axis).evaluate(dims);
      rest /= extent;
    }
    return element
        + row * view.strides().get(rank - 2).evaluate(dims)
        + column * view.strides().get(rank - 1).evaluate(dims);
  }

  private static void compare(
      List<View> views, List<MemorySegment> host, View result, MemorySegment got, Bindings dims) {
    long[] extents = result.shape().evaluate(dims);
    int rank = extents.length;
    long batches = 1;
    for (int axis = 0; axis < rank - 2; axis++) {
      batches *= extents[axis];
    }
    long inner = views.getFirst().shape().dim(rank - 1).evaluate(dims);
    DType dtype = result.dtype();
    MemorySegment expected = MemorySegment.ofArray(new long[1]);
    for (long batch = 0; batch < batches; batch++) {
      for (long m = 0; m < extents[rank - 2]; m++) {
        for (long n = 0; n < extents[rank - 1]; n++) {
          long sum =
              views.size() < 3
                  ? 0
                  : Storage.load(dtype, host.get(2), element(views.get(2), dims, batch, m, n));
          for (long k = 0; k < inner; k++) {
            long a = Storage.load(dtype, host.get(0), element(views.get(0), dims, batch, m, k));
            long b = Storage.load(dtype, host.get(1), element(views.get(1), dims, batch, k, n));
            sum = Scalars.apply(Primitive.FMA, ScalarType.F32, a, b, sum);
          }
          Storage.store(dtype, expected, 0, sum);
          assertThat(Storage.load(dtype, got, element(result, dims, batch, m, n)))
              .as("output %d, %d, %d of %s", batch, m, n, views)
              .isEqualTo(Storage.load(dtype, expected, 0));
        }
      }
    }
  }
}
