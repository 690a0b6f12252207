package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.device.Buffer;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.Stream;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Scatter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ScatterKernelTest {
  private static final int ROWS = 97;
  private static final int COLUMNS = 700;

  @Test
  void repeatedIndicesMeetInOrderAtEveryThreadCount() {
    Random random = new Random(3);
    long[] indices = random.longs(200, 0, ROWS).toArray();
    float[] data = floats(random, ROWS * COLUMNS);
    float[] updates = floats(random, indices.length * COLUMNS);
    for (Scatter.Kind kind : Scatter.Kind.values()) {
      float[] expected = expected(kind, data, indices, updates);
      for (int threads : new int[] {1, 3}) {
        assertThat(run(kind, threads, data, indices, updates)).as("%s", kind).isEqualTo(expected);
      }
    }
  }

  @Test
  void runsOfRowsAreWrittenOnceWhereverTheyBegin() {
    Random random = new Random(5);
    float[] data = floats(random, ROWS * COLUMNS);
    for (int left : new int[] {0, 1, 10, ROWS - 1}) {
      Set<Long> without =
          random.longs(left, 0, ROWS).boxed().collect(Collectors.toUnmodifiableSet());
      long[] indices = LongStream.range(0, ROWS).filter(row -> !without.contains(row)).toArray();
      float[] updates = floats(random, indices.length * COLUMNS);
      float[] expected = expected(Scatter.Kind.SET, data, indices, updates);
      for (int threads : new int[] {1, 3}) {
        assertThat(run(Scatter.Kind.SET, threads, data, indices, updates))
            .as("without %s", without)
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void anIndexOutsideNamesTheScatterAndWritesNothingElsewhere() {
    Random random = new Random(4);
    float[] data = floats(random, ROWS * COLUMNS);
    float[] updates = floats(random, 2 * COLUMNS);
    assertThatThrownBy(() -> run(Scatter.Kind.SET, 1, data, new long[] {ROWS, 0}, updates))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("\"put\"");
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] expected(
      Scatter.Kind kind, float[] data, long[] indices, float[] updates) {
    Tensor[] operands = {
      Tensor.of(data, ROWS, COLUMNS),
      Tensor.of(indices, indices.length),
      Tensor.of(updates, indices.length, COLUMNS)
    };
    Node node =
        Node.value(
                new Scatter(kind),
                Parameter.input("data", TensorType.of(DType.F32, ROWS, COLUMNS)),
                Parameter.input("indices", TensorType.of(DType.I64, indices.length)),
                Parameter.input("updates", TensorType.of(DType.F32, indices.length, COLUMNS)))
            .node();
    return new Scatter(kind).evaluate(node, List.of(operands), Bindings.NONE).getFirst().floats();
  }

  private static float[] run(
      Scatter.Kind kind, int threads, float[] data, long[] indices, float[] updates) {
    View rows = View.contiguous(DType.F32, Shape.of(ROWS, COLUMNS));
    View at = View.contiguous(DType.I64, Shape.of((long) indices.length));
    // updates lie transposed, so that they are brought into order first
    View change =
        new View(
            DType.F32,
            Shape.of(indices.length, COLUMNS),
            Dim.ZERO,
            List.of(Dim.ONE, Dim.of(indices.length)),
            false);
    float[] transposed = new float[updates.length];
    for (int i = 0; i < indices.length; i++) {
      for (int j = 0; j < COLUMNS; j++) {
        transposed[j * indices.length + i] = updates[i * COLUMNS + j];
      }
    }
    LibraryCall call =
        new LibraryCall(
            "put", new Scatter(kind), List.of(rows, at, change), List.of(rows), Optional.empty());
    try (CpuDevice device = new CpuDevice(CpuSettings.of(new DeviceOptions(threads, Map.of())))) {
      LibraryKernel kernel =
          device.library().stream().filter(k -> k.accepts(call)).findFirst().orElseThrow();
      try (Launchable code = kernel.prepare(call);
          Buffer from = device.allocate(4L * data.length);
          Buffer where = device.allocate(8L * indices.length);
          Buffer what = device.allocate(4L * updates.length);
          Buffer to = device.allocate(4L * data.length);
          Buffer workspace = device.allocate(code.workspaceBytes(Bindings.NONE));
          Stream stream = device.stream()) {
        stream.upload(MemorySegment.ofArray(data), Slice.of(from));
        stream.upload(MemorySegment.ofArray(indices), Slice.of(where));
        stream.upload(MemorySegment.ofArray(transposed), Slice.of(what));
        List<Slice> operands =
            List.of(
                Slice.of(from), Slice.of(where), Slice.of(what), Slice.of(to), Slice.of(workspace));
        try (Launch launch = code.bind(operands, Bindings.NONE)) {
          stream.launch(launch);
        }
        stream.synchronize();
        return to.host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT);
      }
    }
  }
}
