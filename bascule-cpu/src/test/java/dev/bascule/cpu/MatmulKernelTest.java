package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Matmul;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Term;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MatmulKernelTest {
  /** How a drawn product's operands lie, and what follows. */
  private record Case(
      long[] batch,
      int m,
      int k,
      int n,
      long[][] strides,
      boolean constant,
      boolean initial,
      boolean epilogue) {
    /** True where the result's rows are [m, batch] in memory. */
    boolean batchInside() {
      return batch.length == 1 && !epilogue;
    }

    List<Long> shape(long rows, long columns) {
      List<Long> extents = new ArrayList<>();
      for (long extent : batch) {
        extents.add(extent);
      }
      extents.add(rows);
      extents.add(columns);
      return extents;
    }
  }

  @Test
  void randomProductsGiveTheBitsOfAScalarFmaLoop() {
    long first = System.nanoTime();
    for (long seed = first; seed < first + 60; seed++) {
      Case drawn = draw(new Random(seed));
      for (int threads : new int[] {1, 3}) {
        for (String isa : new String[] {"best", "avx2", "portable"}) {
          check(drawn, seed, threads, isa);
        }
      }
    }
  }

  @Test
  void aConstantIsPackedOnceForBatchesOfAnySizeAndAgainWhereItLiesOtherwise() {
    try (CpuDevice device =
        new CpuDevice(CpuSettings.of(new DeviceOptions(1, Map.of("cpu.isa", "avx2"))))) {
      Encoding matrix = encoding(device, List.of(), List.of(Dim.of(7), Dim.ONE));
      Encoding shared =
          encoding(
              device, List.of(Dim.symbol("batch", 1, 9)), List.of(Dim.ZERO, Dim.of(7), Dim.ONE));
      Encoding transposed = encoding(device, List.of(), List.of(Dim.ONE, Dim.of(5)));
      assertThat(shared.name()).isEqualTo(matrix.name());
      assertThat(shared.bytes()).isEqualTo(matrix.bytes());
      assertThat(transposed.name()).isNotEqualTo(matrix.name());
    }
  }

  /** Of a constant [batch..., 5, 7] on the right of [batch..., 3, 5]. */
  private static Encoding encoding(CpuDevice device, List<Dim> batch, List<Dim> strides) {
    List<Dim> left = new ArrayList<>(batch);
    left.addAll(List.of(Dim.of(3), Dim.of(5)));
    List<Dim> right = new ArrayList<>(batch);
    right.addAll(List.of(Dim.of(5), Dim.of(7)));
    List<Dim> out = new ArrayList<>(batch);
    out.addAll(List.of(Dim.of(3), Dim.of(7)));
    LibraryCall call =
        new LibraryCall(
            "product",
            new Matmul(),
            List.of(
                View.contiguous(DType.F32, new Shape(left)),
                new View(DType.F32, new Shape(right), Dim.ZERO, strides, true)),
            List.of(View.contiguous(DType.F32, new Shape(out))),
            Optional.empty());
    return device.library().getFirst().encodingFor(call, 1).orElseThrow();
  }

  private static Case draw(Random random) {
    long[] batch = new long[random.nextInt(3)];
    for (int axis = 0; axis < batch.length; axis++) {
      batch[axis] = 1L + random.nextInt(4);
    }
    int m = 1 + random.nextInt(random.nextBoolean() ? 4 : 130);
    int k = random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(random.nextBoolean() ? 10 : 200);
    int n = 1 + random.nextInt(random.nextBoolean() ? 5 : 300);
    long[][] strides = {
      strides(random, batch, m, k, false),
      strides(random, batch, k, n, true),
      strides(random, batch, m, n, true)
    };
    return new Case(
        batch,
        m,
        k,
        n,
        strides,
        random.nextBoolean(),
        random.nextInt(3) == 0,
        random.nextBoolean());
  }

  private static long[] strides(
      Random random, long[] batch, long rows, long columns, boolean broadcast) {
    long[] strides = new long[batch.length + 2];
    boolean transposed = random.nextInt(3) == 0;
    strides[batch.length] = transposed ? 1 : columns;
    strides[batch.length + 1] = transposed ? rows : 1;
    long step = rows * columns;
    for (int axis = batch.length - 1; axis >= 0; axis--) {
      if (!broadcast || random.nextInt(3) > 0) {
        strides[axis] = step;
        step *= batch[axis];
      }
    }
    return strides;
  }

  private static void check(Case drawn, long seed, int threads, String isa) {
    Random random = new Random(seed + 1);
    long batches = 1;
    for (long extent : drawn.batch) {
      batches *= extent;
    }
    float[] a = floats(random, (int) (batches * drawn.m * drawn.k) + 1);
    float[] b = floats(random, (int) (batches * drawn.k * drawn.n) + 1);
    float[] c = floats(random, (int) (batches * drawn.m * drawn.n) + 1);
    float[] bias = floats(random, drawn.n);
    float[] expected = expected(drawn, a, b, c, bias);
    DeviceOptions options = new DeviceOptions(threads, Map.of("cpu.isa", isa));
    try (CpuDevice device = new CpuDevice(CpuSettings.of(options))) {
      float[] got = run(device, !isa.equals("portable"), drawn, a, b, c, bias);
      assertThat(got).as("seed %d, %s, %d threads", seed, drawn, threads).isEqualTo(expected);
      assertThat(device.memory().buffers()).isZero();
    }
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] expected(Case drawn, float[] a, float[] b, float[] c, float[] bias) {
    int batches = 1;
    for (long extent : drawn.batch) {
      batches *= (int) extent;
    }
    float[] out = new float[batches * drawn.m * drawn.n];
    for (int i = 0; i < out.length; i++) {
      long[] index = new long[drawn.batch.length + 2];
      long rest = i;
      List<Long> shape = drawn.shape(drawn.m, drawn.n);
      for (int axis = index.length - 1; axis >= 0; axis--) {
        index[axis] = rest % shape.get(axis);
        rest /= shape.get(axis);
      }
      float sum =
          drawn.initial
              ? c[at(drawn.strides[2], index, index[index.length - 2], index[index.length - 1])]
              : 0;
      for (int k = 0; k < drawn.k; k++) {
        float left = a[at(drawn.strides[0], index, index[index.length - 2], k)];
        float right = b[at(drawn.strides[1], index, k, index[index.length - 1])];
        sum = Math.fma(left, right, sum);
      }
      if (drawn.epilogue) {
        float moved = sum + bias[i % drawn.n];
        sum = moved > 0f || Float.isNaN(moved) ? moved : 0f;
      }
      long row = index[index.length - 2];
      int to = drawn.batchInside() ? (int) ((row * batches + index[0]) * drawn.n + i % drawn.n) : i;
      out[to] = sum;
    }
    return out;
  }

  private static int at(long[] strides, long[] index, long row, long column) {
    long at = row * strides[strides.length - 2] + column * strides[strides.length - 1];
    for (int axis = 0; axis < strides.length - 2; axis++) {
      at += index[axis] * strides[axis];
    }
    return (int) at;
  }

  private static View view(Case drawn, int operand, long rows, long columns, boolean constant) {
    Shape shape = new Shape(drawn.shape(rows, columns).stream().map(Dim::of).toList());
    List<Dim> strides = new ArrayList<>();
    for (long stride : drawn.strides[operand]) {
      strides.add(Dim.of(stride));
    }
    return new View(DType.F32, shape, Dim.ZERO, strides, constant);
  }

  /** bias and ReLU over [rows, n]. */
  private static Kernel biasRelu(long rows, long n) {
    KernelBuilder b = new KernelBuilder("bias", List.of(Dim.of(rows), Dim.of(n)), 0);
    List<Dim> strides = List.of(Dim.of(n), Dim.ONE);
    int raw = b.input("raw", DType.F32);
    int bias = b.input("bias", DType.F32);
    Term sum =
        b.add(
            b.load(new Access(raw, Dim.ZERO, strides)),
            b.load(new Access(bias, Dim.ZERO, List.of(Dim.ZERO, Dim.ONE))));
    Term relu = b.apply(Primitive.MAX, sum, b.constant(0f));
    b.store(new Access(b.output("out", DType.F32), Dim.ZERO, strides), relu);
    return b.build();
  }

  private static LibraryCall call(Case drawn) {
    List<View> views = new ArrayList<>();
    views.add(view(drawn, 0, drawn.m, drawn.k, false));
    views.add(view(drawn, 1, drawn.k, drawn.n, drawn.constant));
    if (drawn.initial) {
      views.add(view(drawn, 2, drawn.m, drawn.n, false));
    }
    Shape shape = new Shape(drawn.shape(drawn.m, drawn.n).stream().map(Dim::of).toList());
    View result =
        drawn.batchInside()
            ? new View(
                DType.F32,
                shape,
                Dim.ZERO,
                List.of(Dim.of(drawn.n), Dim.of(drawn.batch[0] * drawn.n), Dim.ONE),
                false)
            : View.contiguous(DType.F32, shape);
    long elements = result.shape().elements().constant();
    Optional<Kernel> epilogue =
        drawn.epilogue ? Optional.of(biasRelu(elements / drawn.n, drawn.n)) : Optional.empty();
    return new LibraryCall("product", new Matmul(), views, List.of(result), epilogue);
  }

  private static float[] run(
      CpuDevice device,
      boolean isEmitted,
      Case drawn,
      float[] a,
      float[] b,
      float[] c,
      float[] bias) {
    LibraryCall call = call(drawn);
    long elements = call.results().getFirst().shape().elements().constant();
    LibraryKernel kernel = device.library().getFirst();
    assertThat(kernel.accepts(call)).isTrue();
    Optional<Encoding> encoding = kernel.encodingFor(call, 1);
    assertThat(encoding.isPresent()).isEqualTo(drawn.constant && isEmitted);
    try (Launchable code = kernel.prepare(call);
        Buffer left = device.allocate(4L * a.length);
        Buffer right = device.allocate(encoding.map(Encoding::bytes).orElse(4L * b.length));
        Buffer start = device.allocate(4L * c.length);
        Buffer extra = device.allocate(4L * bias.length);
        Buffer to = device.allocate(4L * elements);
        Buffer workspace = device.allocate(code.workspaceBytes(Bindings.NONE));
        Stream stream = device.stream()) {
      stream.upload(MemorySegment.ofArray(a), Slice.of(left));
      stream.upload(MemorySegment.ofArray(c), Slice.of(start));
      stream.upload(MemorySegment.ofArray(bias), Slice.of(extra));
      if (encoding.isPresent()) {
        encoding
            .get()
            .encode(Encoding.Source.of(MemorySegment.ofArray(b)), right.host().orElseThrow());
      } else {
        stream.upload(MemorySegment.ofArray(b), Slice.of(right));
      }
      List<Slice> operands = new ArrayList<>(List.of(Slice.of(left), Slice.of(right)));
      if (drawn.initial) {
        operands.add(Slice.of(start));
      }
      if (drawn.epilogue) {
        operands.add(Slice.of(extra));
      }
      operands.add(Slice.of(to));
      operands.add(Slice.of(workspace));
      to.host().orElseThrow().fill((byte) 0x7F);
      try (Launch launch = code.bind(operands, Bindings.NONE)) {
        stream.launch(launch);
        stream.launch(launch);
      }
      stream.synchronize();
      return to.host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT);
    }
  }
}
